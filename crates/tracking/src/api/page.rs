//! Lists in pages: a cursor is opaque to clients and names the last element that was shown.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::problem::ApiError;

const DEFAULT_LIMIT: i64 = 50;
const MAX_LIMIT: i64 = 5000;

#[derive(Debug, Deserialize, IntoParams)]
pub struct PageQuery {
    /// `next` of the page before.
    pub cursor: Option<String>,
    /// How many elements at most (1 to 5000, default 50).
    pub limit: Option<i64>,
}

impl PageQuery {
    pub fn limit(&self) -> Result<i64, ApiError> {
        match self.limit.unwrap_or(DEFAULT_LIMIT) {
            limit @ 1..=MAX_LIMIT => Ok(limit),
            other => {
                Err(ApiError::BadRequest(format!("limit is {other}: write a number from 1 to {MAX_LIMIT}")))
            }
        }
    }

    /// The cursor of a list that runs from the newest to the oldest.
    pub fn before(&self) -> Result<Option<(DateTime<Utc>, Uuid)>, ApiError> {
        self.parse(|text| {
            let (micros, id) = text.split_once('_')?;
            Some((DateTime::from_timestamp_micros(micros.parse().ok()?)?, id.parse().ok()?))
        })
    }

    /// The cursor read by `read`; one that cannot be read is the client's mistake.
    pub fn parse<T>(&self, read: impl Fn(&str) -> Option<T>) -> Result<Option<T>, ApiError> {
        let Some(text) = self.cursor.as_deref() else { return Ok(None) };
        let cursor = read(text).ok_or_else(|| {
            ApiError::BadRequest("the cursor is not one of this list: use `next` of the page before".into())
        })?;
        Ok(Some(cursor))
    }
}

/// The cursor behind an element of a list that runs from the newest to the oldest.
pub fn cursor_before(at: DateTime<Utc>, id: Uuid) -> String {
    format!("{}_{id}", at.timestamp_micros())
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// The cursor of the next page; null on the last.
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// A page of at most `limit` of the rows, which were read one further than the limit to see whether more follow.
    pub fn of<R>(
        mut rows: Vec<R>,
        limit: i64,
        cursor: impl Fn(&R) -> String,
        item: impl FnMut(R) -> T,
    ) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| more).map(cursor);
        Self { items: rows.into_iter().map(item).collect(), next }
    }
}
