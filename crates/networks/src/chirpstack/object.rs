//! What the server's decoder made of a payload, where the event is a protobuf message: a `google.protobuf.Struct`, as JSON.

use std::collections::BTreeMap;

use prost::{Message, Oneof};
use serde::ser::{Serialize, Serializer};

#[derive(Clone, PartialEq, Message)]
struct Struct {
    #[prost(btree_map = "string, message", tag = "1")]
    fields: BTreeMap<String, Value>,
}

#[derive(Clone, PartialEq, Message)]
struct Value {
    #[prost(oneof = "Kind", tags = "1, 2, 3, 4, 5, 6")]
    kind: Option<Kind>,
}

#[derive(Clone, PartialEq, Oneof)]
enum Kind {
    #[prost(int32, tag = "1")]
    Null(i32),
    #[prost(double, tag = "2")]
    Number(f64),
    #[prost(string, tag = "3")]
    Text(String),
    #[prost(bool, tag = "4")]
    Flag(bool),
    #[prost(message, tag = "5")]
    Object(Struct),
    #[prost(message, tag = "6")]
    List(List),
}

#[derive(Clone, PartialEq, Message)]
struct List {
    #[prost(message, repeated, tag = "1")]
    values: Vec<Value>,
}

/// None where it is no such message: an odd object does not cost the frame.
pub(super) fn to_json(object: &[u8]) -> Option<String> {
    serde_json::to_string(&Struct::decode(object).ok()?).ok()
}

impl Serialize for Struct {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(&self.fields)
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.kind {
            Some(Kind::Number(number)) => as_written(*number, serializer),
            Some(Kind::Text(text)) => serializer.serialize_str(text),
            Some(Kind::Flag(flag)) => serializer.serialize_bool(*flag),
            Some(Kind::Object(object)) => object.serialize(serializer),
            Some(Kind::List(list)) => serializer.collect_seq(&list.values),
            Some(Kind::Null(_)) | None => serializer.serialize_unit(),
        }
    }
}

/// Up to here every whole number is one of its own.
const LARGEST_WHOLE: f64 = 9_007_199_254_740_992.0;

/// A whole number without a point, as the decoder wrote it; all numbers are floats in this message.
fn as_written<S: Serializer>(number: f64, serializer: S) -> Result<S::Ok, S::Error> {
    if number.fract() == 0.0 && number.abs() <= LARGEST_WHOLE {
        return serializer.serialize_i64(number as i64);
    }
    serializer.serialize_f64(number)
}
