//! The host part of each side (HST).

use super::CompactOptions;
use super::paint::{Color, Painter};
use crate::{Ethernet, FlowEndpoint, FlowRecord, Layer4, Service};

/// Returns the host parts of source and destination.
pub(super) fn names(
    flow: &FlowRecord,
    options: &CompactOptions,
    painter: Painter,
) -> (String, String) {
    let Some(ip) = &flow.ip else {
        // HST-1
        let Ethernet { source, destination } = flow.ethernet.clone().unwrap_or_default();
        return (painter.paint(Color::Cyan, &source), painter.paint(Color::Cyan, &destination));
    };
    let ports = flow.l4.as_ref().and_then(Layer4::ports);
    let source = Side {
        addr: &ip.source,
        endpoint: flow.source.as_ref(),
        service: flow.source_service.as_ref(),
        names: &flow.source_names,
        port: ports.map_or(0, |(source, _)| source),
    };
    let destination = Side {
        addr: &ip.destination,
        endpoint: flow.destination.as_ref(),
        service: flow.destination_service.as_ref(),
        names: &flow.destination_names,
        port: ports.map_or(0, |(_, destination)| destination),
    };
    (source.text(options, painter), destination.text(options, painter))
}

struct Side<'a> {
    addr: &'a str,
    endpoint: Option<&'a FlowEndpoint>,
    service: Option<&'a Service>,
    names: &'a [String],
    port: u32,
}

impl Side<'_> {
    fn text(&self, options: &CompactOptions, painter: Painter) -> String {
        let host = if options.ip_translation { self.name() } else { self.addr.to_owned() };
        // HST-6
        let text = match (self.port, host.contains(':')) {
            (0, _) => painter.plain(&host),
            (port, false) => {
                format!(
                    "{}:{}",
                    painter.plain(&host),
                    painter.paint(Color::Yellow, &port.to_string())
                )
            }
            (port, true) => {
                format!(
                    "[{}]:{}",
                    painter.plain(&host),
                    painter.paint(Color::Yellow, &port.to_string())
                )
            }
        };
        painter.wrap(Color::Cyan, text)
    }

    // HST-2
    fn name(&self) -> String {
        let pod = self.endpoint.map_or("", |endpoint| &endpoint.pod_name);
        let service = self.service.map_or("", |service| &service.name);
        match (pod, service, self.names) {
            ("", "", []) => self.addr.to_owned(),
            ("", "", names) => names.join(","),
            ("", service, _) => joined(self.namespace(), service),
            (pod, _, _) => joined(self.namespace(), pod),
        }
    }

    // HST-4
    fn namespace(&self) -> &str {
        match (self.service, self.endpoint) {
            (Some(service), _) => &service.namespace,
            (None, Some(endpoint)) => &endpoint.namespace,
            (None, None) => "",
        }
    }
}

/// Returns `namespace/name`, cleaned as a path is: no empty or `.` elements, and `..` takes away the one
/// before it (HST-5).
fn joined(namespace: &str, name: &str) -> String {
    let path = if namespace.is_empty() { name.to_owned() } else { format!("{namespace}/{name}") };
    let rooted = path.starts_with('/');
    let mut elements: Vec<&str> = Vec::new();
    for element in path.split('/') {
        match element {
            "" | "." => {}
            ".." if elements.last().is_some_and(|last| *last != "..") => {
                elements.pop();
            }
            ".." if rooted => {}
            element => elements.push(element),
        }
    }
    let clean = elements.join("/");
    match (rooted, clean.is_empty()) {
        (true, _) => format!("/{clean}"),
        (false, true) => ".".into(),
        (false, false) => clean,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_joined_and_cleaned_as_paths() {
        for (namespace, name, text) in [
            ("default", "web", "default/web"),
            ("", "web", "web"),
            ("a/../b", "web", "b/web"),
            ("..", "../web", "../../web"),
            ("/..", "web", "/web"),
            ("a//b/.", "web", "a/b/web"),
            ("a", "..", "."),
        ] {
            assert_eq!(joined(namespace, name), text);
        }
    }
}
