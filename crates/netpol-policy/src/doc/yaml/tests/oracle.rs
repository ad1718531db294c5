//! Trees as the parser's events tell them, without places and limits, from the text as a whole.

use saphyr_parser::{Event, Parser, ScalarStyle};

use super::super::{START, resolve};
use super::flat;
use crate::doc::node::{Node, Value};

/// Returns the documents of a text as the parser understands them.
pub(super) fn oracle(text: &str) -> Result<Vec<String>, String> {
    let mut events = Vec::new();
    for event in Parser::new_from_str(text) {
        events.push(event.map_err(|error| error.to_string())?.0);
    }
    let mut events = events.into_iter();
    let mut documents = Vec::new();
    while let Some(event) = events.next() {
        if let Event::DocumentStart(_) = event {
            let first = events.next().ok_or("no event")?;
            documents.push(oracle_node(first, &mut events)?);
        }
    }
    Ok(documents)
}

fn oracle_node<'e>(
    event: Event<'e>,
    events: &mut impl Iterator<Item = Event<'e>>,
) -> Result<String, String> {
    match event {
        Event::Scalar(text, style, _, None) => Ok(oracle_scalar(&text, style)),
        Event::SequenceStart(_, None) => {
            let mut items = Vec::new();
            loop {
                match events.next().ok_or("no event")? {
                    Event::SequenceEnd => return Ok(format!("[{}]", items.join(","))),
                    event => items.push(oracle_node(event, events)?),
                }
            }
        }
        Event::MappingStart(_, None) => {
            let mut fields = Vec::new();
            loop {
                let Event::Scalar(key, ..) = (match events.next().ok_or("no event")? {
                    Event::MappingEnd => return Ok(format!("{{{}}}", fields.join(","))),
                    event => event,
                }) else {
                    return Err("a key that is no scalar".to_owned());
                };
                let value = events.next().ok_or("no event")?;
                fields.push(format!("{key:?}:{}", oracle_node(value, events)?));
            }
        }
        event => Err(format!("{event:?}")),
    }
}

fn oracle_scalar(text: &str, style: ScalarStyle) -> String {
    let value = match style {
        ScalarStyle::Plain => resolve::resolve(text),
        _ => Value::String(text.to_owned()),
    };
    let span = START;
    flat(&Node { span, value })
}
