//! What can go wrong with the database, as far as callers act on it.

use diesel::result::{DatabaseErrorKind, Error as DieselError};

/// What a caller of the store acts on.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database cannot be reached, or gave up on this statement: the same call may succeed later.
    #[error("the database is not available: {0}")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The URL of the database, without its secrets.
    #[error("the database's address: {0}")]
    Address(String),
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

    /// Whether the same call may succeed later by itself. The driver passes on PostgreSQL's words and not its code, so
    /// that the rest cannot be told apart for sure: a value, a full disk, a schema of another release.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }

    pub(crate) fn unreadable(what: &'static str, reason: impl ToString) -> Self {
        Self::Unreadable { what, reason: reason.to_string() }
    }
}

/// Two transactions that waited for each other, or one that waited for too long.
fn is_passing_text(message: &str) -> bool {
    ["deadlock detected", "canceling statement due to"].iter().any(|text| message.starts_with(text))
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
                | DatabaseErrorKind::ReadOnlyTransaction
                | DatabaseErrorKind::UnableToSendCommand,
                _,
            )
            | DieselError::BrokenTransactionManager => Self::Unavailable(Box::new(error)),
            DieselError::DatabaseError(DatabaseErrorKind::Unknown, ref information)
                if is_passing_text(information.message()) =>
            {
                Self::Unavailable(Box::new(error))
            }
            other => Self::Statement(other),
        }
    }
}
