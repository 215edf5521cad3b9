//! SQL that every batch repeats, prepared once a connection.
//!
//! `diesel::sql_query` has the server parse and plan the same text anew each time, and takes a round trip of its own
//! for that. A statement is kept by its text instead, so its text must not vary with its values.

use std::borrow::Cow;
use std::marker::PhantomData;

use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::{Error, QueryResult};
use diesel::serialize::ToSql;
use diesel::sql_types::{HasSqlType, Untyped};

pub(crate) struct Statement<'a> {
    sql: Cow<'static, str>,
    binds: Vec<Box<dyn QueryFragment<Pg> + Send + 'a>>,
}

/// `sql` names its values `$1`, `$2`, … in this order, each once; its columns are read by their names.
pub(crate) fn statement<'a>(sql: impl Into<Cow<'static, str>>) -> Statement<'a> {
    Statement { sql: sql.into(), binds: Vec::new() }
}

impl<'a> Statement<'a> {
    /// The next value.
    pub(crate) fn bind<ST, V>(mut self, value: V) -> Self
    where
        Pg: HasSqlType<ST>,
        ST: Send + 'a,
        V: ToSql<ST, Pg> + Send + 'a,
    {
        self.binds.push(Box::new(Bind { value, sql_type: PhantomData::<ST> }));
        self
    }
}

struct Bind<ST, V> {
    value: V,
    sql_type: PhantomData<ST>,
}

impl<ST, V> QueryFragment<Pg> for Bind<ST, V>
where
    Pg: HasSqlType<ST>,
    V: ToSql<ST, Pg>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_bind_param::<ST, V>(&self.value)
    }
}

impl QueryFragment<Pg> for Statement<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let mut rest: &str = &self.sql;
        for (index, bind) in self.binds.iter().enumerate() {
            let place = format!("${}", index + 1);
            let missing = || Error::QueryBuilderError(format!("{place} is missing: {}", self.sql).into());
            let (before, after) = rest.split_once(&place).ok_or_else(missing)?;
            out.push_sql(before);
            bind.walk_ast(out.reborrow())?;
            rest = after;
        }
        out.push_sql(rest);
        Ok(())
    }
}

impl QueryId for Statement<'_> {
    type QueryId = ();

    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for Statement<'_> {
    type SqlType = Untyped;
}
