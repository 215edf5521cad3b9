//! What requests have in common in the API's document: the answers that come before any handler, the key that makes a
//! repeated request one, and how problems travel.

use utoipa::Modify;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::openapi::{Content, OpenApi, Ref, RefOr, Required, Response};

use super::problem::PROBLEM_TYPE;

const PROBLEM: &str = "#/components/schemas/Problem";

/// Each status of a problem, the name of the answer, and what it means wherever it comes.
const MEANINGS: &[(&str, &str, &str)] = &[
    ("400", "BadRequest", "The body, the query or a header cannot be read."),
    ("401", "NotLoggedIn", "No valid token, or a wrong password where one is asked for."),
    ("403", "NotAllowed", "The role may not do this."),
    ("404", "NotFound", "There is no such thing, or none that may be seen."),
    ("409", "Conflict", "It contradicts what is there already."),
    ("413", "TooLarge", "The body is too large."),
    ("415", "WrongMediaType", "The body is of another content type."),
    ("422", "NotAccepted", "The body can be read and is not right; nothing was done."),
    ("429", "TooManyRequests", "Too many requests: `Retry-After` says in how many seconds to go on."),
    ("503", "Unavailable", "The service cannot reach its database or its queue: try again."),
];

/// Completes every operation of the document.
pub struct CommonAnswers;

impl Modify for CommonAnswers {
    fn modify(&self, document: &mut OpenApi) {
        for item in document.paths.paths.values_mut() {
            for operation in [&mut item.get].into_iter().flatten() {
                complete(operation, false);
            }
            for operation in
                [&mut item.post, &mut item.put, &mut item.patch, &mut item.delete].into_iter().flatten()
            {
                complete(operation, true);
            }
        }
        let shared = MEANINGS.iter().map(|(status, name, meaning)| {
            let mut answer = Response::new(*meaning);
            answer.content.insert(PROBLEM_TYPE.to_owned(), problem());
            count(status, &mut answer);
            ((*name).to_owned(), RefOr::T(answer))
        });
        document.components.get_or_insert_default().responses.extend(shared);
    }
}

fn complete(operation: &mut Operation, has_effect: bool) {
    // An operation for everybody says so with a list of its own.
    let is_open = operation.security.is_some();
    let mut statuses = vec!["429", "503"];
    if !is_open {
        statuses.extend(["401", "403"]);
    }
    let asks = |place: ParameterIn| {
        operation.parameters.iter().flatten().any(|parameter| match parameter {
            RefOr::T(parameter) => parameter.parameter_in == place,
            RefOr::Ref(_) => false,
        })
    };
    if asks(ParameterIn::Path) {
        statuses.push("404");
    }
    if asks(ParameterIn::Query) || has_effect {
        statuses.push("400");
    }
    if operation.request_body.is_some() {
        statuses.extend(["413", "415", "422"]);
    }
    if has_effect && !is_open {
        statuses.push("422");
        operation.parameters.get_or_insert_default().push(RefOr::T(idempotency_key()));
    }
    for status in statuses {
        let answer = operation.responses.responses.entry(status.to_owned());
        // What a handler answers by itself with that status does not take the place of the problem.
        if let RefOr::T(answer) = answer.or_insert_with(|| RefOr::T(Response::new(""))) {
            answer.content.entry(PROBLEM_TYPE.to_owned()).or_insert_with(problem);
        }
    }
    for (status, answer) in &mut operation.responses.responses {
        if let RefOr::T(answer) = answer {
            count(status, answer);
        }
        share(status, answer);
    }
}

/// What every answer says of the caller's limit (draft-ietf-httpapi-ratelimit-headers-10).
fn count(status: &str, answer: &mut Response) {
    let mut add = |name: &str, meaning: &str, kind| {
        let schema = ObjectBuilder::new().schema_type(kind).build();
        let header = HeaderBuilder::new().schema(Some(schema)).description(Some(meaning)).build();
        answer.headers.insert(name.to_owned(), RefOr::T(header));
    };
    add("RateLimit-Policy", "Requests (q) in a window of seconds (w): `\"user\";q=1200;w=60`", Type::String);
    add(
        "RateLimit",
        "What is left (r), and in how many seconds (t) all is there again: `\"user\";r=1199;t=1`",
        Type::String,
    );
    if status == "429" {
        add("Retry-After", "Seconds.", Type::Integer);
    }
}

fn idempotency_key() -> Parameter {
    let text = ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(Some(255));
    let meaning =
        "A request that is repeated with the same key gets the first answer again, and has its effect once.";
    ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(meaning))
        .schema(Some(Schema::Object(text.build())))
        .build()
}

fn problem() -> RefOr<Content> {
    RefOr::T(Content::new(Some(Ref::new(PROBLEM))))
}

/// A problem travels as one (RFC 9457), and is said once for all operations where it means the same.
fn share(status: &str, answer: &mut RefOr<Response>) {
    let RefOr::T(told) = answer else { return };
    let is_problem = |content: &RefOr<Content>| {
        matches!(content, RefOr::T(Content { schema: Some(RefOr::Ref(schema)), .. })
            if schema.ref_location == PROBLEM)
    };
    if told.content.get("application/json").is_some_and(is_problem) {
        told.content = [(PROBLEM_TYPE.to_owned(), problem())].into_iter().collect();
    }
    let common = MEANINGS.iter().find(|(of, ..)| *of == status && told.description.is_empty());
    if let Some((_, name, meaning)) = common {
        if told.content.keys().eq([PROBLEM_TYPE]) {
            *answer = RefOr::Ref(Ref::from_response_name(*name));
        } else {
            told.description = (*meaning).to_owned();
        }
    } else if told.description.is_empty() {
        // OpenAPI 3.1 asks for one.
        told.description = if status == "201" { "It was made." } else { "As it was asked for." }.to_owned();
    }
}
