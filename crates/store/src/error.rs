use diesel::result::{DatabaseErrorKind, Error as DieselError};

/// What a caller of the store acts on.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database cannot be reached, or gave up on this statement: the same call may succeed later.
    #[error("the database is not available: {0}")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A rule of the schema (unique key, foreign key, check) refuses the value; the constraint's name says which.
    #[error("the database refuses the value ({constraint})")]
    Refused { constraint: String },
    #[error("no such record")]
    NotFound,
    /// A stored value that this version cannot read.
    #[error("a stored {what} cannot be read: {reason}")]
    Unreadable { what: &'static str, reason: String },
    #[error("the database's version cannot be changed: {0}")]
    Migration(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("the statement failed: {0}")]
    Statement(#[source] DieselError),
}

impl StoreError {
    /// Whether the refusal is the named constraint's.
    pub fn is_refused_by(&self, name: &str) -> bool {
        matches!(self, Self::Refused { constraint } if constraint == name)
    }

    /// Whether the values themselves are to blame, so that trying again cannot help.
    pub fn is_of_the_values(&self) -> bool {
        match self {
            Self::Refused { .. } => true,
            // PostgreSQL's class 22; the driver passes on its message, not its code.
            Self::Statement(DieselError::DatabaseError(_, information)) => {
                ["invalid byte sequence", "out of range", "no partition of relation", "unsupported Unicode"]
                    .iter()
                    .any(|text| information.message().contains(text))
            }
            Self::Statement(DieselError::SerializationError(_)) => true,
            _ => false,
        }
    }

    pub(crate) fn unreadable(what: &'static str, reason: impl ToString) -> Self {
        Self::Unreadable { what, reason: reason.to_string() }
    }
}

impl From<DieselError> for StoreError {
    fn from(error: DieselError) -> Self {
        match error {
            DieselError::NotFound => Self::NotFound,
            DieselError::DatabaseError(
                DatabaseErrorKind::UniqueViolation
                | DatabaseErrorKind::ForeignKeyViolation
                | DatabaseErrorKind::CheckViolation,
                ref information,
            ) => Self::Refused { constraint: information.constraint_name().unwrap_or_default().to_owned() },
            DieselError::DatabaseError(
                DatabaseErrorKind::ClosedConnection
                | DatabaseErrorKind::SerializationFailure
                | DatabaseErrorKind::UnableToSendCommand,
                _,
            )
            | DieselError::BrokenTransactionManager => Self::Unavailable(Box::new(error)),
            other => Self::Statement(other),
        }
    }
}
