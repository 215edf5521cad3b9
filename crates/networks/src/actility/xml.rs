//! ThingPark's XML, as old servers send it: the names, the nesting and the values of the JSON, so that it is read as that.

use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, Event};
use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::ParseError;
use crate::fields::malformed;

/// An element that may stand several times beside itself; in JSON it is a list, of one too.
const LISTED: &str = "Lrr";

/// The largest message, in bytes. Each element is kept until all are read, and one of four bytes fills a hundred in memory;
/// ThingPark's messages have some thousands.
const LARGEST: usize = 64 * 1024;

/// ThingPark's elements lie four deep.
const DEEPEST: usize = 16;

/// Whether it can only be XML: JSON begins with `{`.
pub(super) fn is_xml(body: &[u8]) -> bool {
    body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'<')
}

/// An element, of which only the text or the elements count; the first is the document.
#[derive(Default)]
struct Element {
    name: String,
    elements: Vec<Element>,
    text: String,
}

/// As JSON. Where an element stands twice, so does its field, and whoever reads the field refuses it: nobody can say which counts.
impl Serialize for Element {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.elements.is_empty() {
            return serializer.serialize_str(self.text.trim());
        }
        let (listed, single): (Vec<_>, Vec<_>) =
            self.elements.iter().partition(|element| element.name == LISTED);
        let mut fields = serializer.serialize_map(None)?;
        for element in single {
            fields.serialize_entry(&element.name, element)?;
        }
        if !listed.is_empty() {
            fields.serialize_entry(LISTED, &listed)?;
        }
        fields.end()
    }
}

/// The same message as JSON. Namespaces, attributes and comments say nothing. What is no UTF-8 can only be a name that nobody reads.
pub(super) fn to_json(body: &[u8]) -> Result<String, ParseError> {
    if body.len() > LARGEST {
        let reason = format!("it has {} bytes, and no message has more than {LARGEST}", body.len());
        return Err(ParseError::Xml(reason));
    }
    let text = String::from_utf8_lossy(body);
    let mut reader = Reader::from_str(&text);
    let mut open = vec![Element::default()];
    let outcome = loop {
        let event = reader.read_event().map_err(|error| error.to_string());
        match event.and_then(|event| follow(event, &mut open)) {
            Ok(true) => {}
            Ok(false) => break whole(open),
            Err(reason) => break Err(reason),
        }
    };
    outcome.map_err(|reason| {
        let read = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
        malformed(text.as_bytes().get(..read).unwrap_or(text.as_bytes()), &reason)
    })
}

fn whole(mut open: Vec<Element>) -> Result<String, String> {
    match open.pop() {
        Some(document) if open.is_empty() && !document.elements.is_empty() => {
            serde_json::to_string(&document).map_err(|error| error.to_string())
        }
        _ => Err("the XML ends before its element does".to_owned()),
    }
}

/// Returns whether there is more.
fn follow(event: Event<'_>, open: &mut Vec<Element>) -> Result<bool, String> {
    let depth = open.len();
    let inner = open.last_mut().ok_or("there is an end without a beginning")?;
    match event {
        Event::Start(_) if depth > DEEPEST => return Err(format!("elements lie more than {DEEPEST} deep")),
        Event::Start(start) => {
            let name = start.local_name().as_ref().to_owned();
            open.push(Element { name, ..Element::default() });
        }
        Event::Empty(empty) => {
            let name = empty.local_name().as_ref().to_owned();
            inner.elements.push(Element { name, ..Element::default() });
        }
        Event::End(_) => {
            let Some(ended) = open.pop() else { return Ok(true) };
            let outer = open.last_mut().ok_or("there is an end without a beginning")?;
            outer.elements.push(ended);
        }
        Event::Text(text) => inner.text.push_str(&text),
        Event::CData(text) => inner.text.push_str(&text),
        Event::GeneralRef(reference) => inner.text.push_str(&referred(&reference)?),
        Event::DocType(_) => return Err("a document type is not read".to_owned()),
        Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
        Event::Eof => return Ok(false),
    }
    Ok(true)
}

fn referred(reference: &BytesRef<'_>) -> Result<String, String> {
    let sign = reference.resolve_char_ref().map_err(|error| error.to_string())?;
    let named = || resolve_predefined_entity(reference).map(str::to_owned);
    sign.map(String::from).or_else(named).ok_or_else(|| format!("&{}; is not known", &**reference))
}

/// A value that its field cannot have, of which the JSON's place says nothing.
pub(super) fn odd_value(error: ParseError) -> ParseError {
    match error {
        ParseError::Malformed { reason, .. } => ParseError::Xml(reason),
        other => other,
    }
}
