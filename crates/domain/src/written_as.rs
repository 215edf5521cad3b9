//! Types that serde reads and writes by way of another one stand in the API's document as that one.

/// `$type` has `#[serde(try_from = "$text", into = "$text")]`.
macro_rules! written_as {
    ($type:ty, $text:ty) => {
        #[cfg(feature = "schema")]
        impl utoipa::PartialSchema for $type {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                <$text as utoipa::PartialSchema>::schema()
            }
        }

        #[cfg(feature = "schema")]
        impl utoipa::ToSchema for $type {
            fn name() -> std::borrow::Cow<'static, str> {
                <$text as utoipa::ToSchema>::name()
            }

            fn schemas(schemas: &mut Vec<(String, utoipa::openapi::RefOr<utoipa::openapi::Schema>)>) {
                <$text as utoipa::ToSchema>::schemas(schemas);
            }
        }
    };
}
pub(crate) use written_as;
