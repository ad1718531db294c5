//! `netpol list`: who can reach whom.

use netpol::{Direction, Engine};
use serde::Serialize;

use crate::cli::{Format, ListArgs};
use crate::connections::Connections;
use crate::failure::{Failure, Outcome};
use crate::inventory::{Entry, Face, Inventory, Kind, evaluate};
use crate::names::{NameRules, name_identities};
use crate::output::{Table, print, to_json};
use crate::outside::outside;
use crate::peer::ENTITIES;
use crate::reach::Reach;

/// Lists all allowed connections.
pub(crate) fn run(args: &ListArgs) -> Result<Outcome, Failure> {
    let Some(inventory) = evaluate(&args.input, &args.evaluation)? else {
        return Ok(Outcome::Unusable);
    };
    let rows = Lister::new(&inventory).list(args.entities);
    print(&match args.output {
        Format::Text => text(&rows),
        Format::Json => to_json(&rows),
    })?;
    Ok(Outcome::Fine)
}

fn text(rows: &[Row]) -> String {
    if rows.is_empty() {
        return "no connections\n".into();
    }
    let mut table = Table::new(&["SOURCE", "DESTINATION", "CONNECTIONS"]);
    for Row { src, dst, conn } in rows {
        table.push([src.clone(), dst.clone(), conn.clone()]);
    }
    table.render()
}

/// What one side may open to another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct Row {
    src: String,
    dst: String,
    conn: String,
}

struct Lister<'i> {
    engine: &'i Engine,
    workloads: Vec<&'i Entry>,
    nodes: Vec<&'i Entry>,
    reach: Reach<'i>,
    rows: Vec<Row>,
}

impl<'i> Lister<'i> {
    fn new(Inventory { engine, entries, .. }: &'i Inventory) -> Self {
        Self {
            engine,
            workloads: entries.iter().filter(|entry| entry.kind.is_workload()).collect(),
            nodes: entries.iter().filter(|entry| entry.kind == Kind::Node).collect(),
            reach: Reach::new(engine),
            rows: Vec::new(),
        }
    }

    /// Returns all rows, sorted.
    fn list(mut self, with_entities: bool) -> Vec<Row> {
        self.list_workloads();
        self.list_outside(Direction::Ingress);
        self.list_outside(Direction::Egress);
        self.list_names();
        for node in self.nodes.clone() {
            self.list_other(&node.to_string(), node.face);
        }
        if with_entities {
            self.list_entities();
        }
        self.rows.sort_unstable();
        self.rows
    }

    fn list_workloads(&mut self) {
        let workloads = self.workloads.clone();
        for (index, from) in workloads.iter().enumerate() {
            let others = workloads.iter().enumerate().filter(|(other, _)| *other != index);
            for (_, to) in others {
                let connections = self.reach.between(from.face, to.face);
                self.push(&from.to_string(), &to.to_string(), &connections);
            }
        }
    }

    /// Lists the outside: as sources with ingress, as destinations with egress.
    fn list_outside(&mut self, direction: Direction) {
        let ranges = outside(self.engine, &self.workloads, direction, &mut self.reach);
        let workloads: Vec<String> = self.workloads.iter().map(ToString::to_string).collect();
        for (range, sets) in ranges {
            let outside = format!("{range}[External]");
            for (workload, connections) in workloads.iter().zip(&*sets) {
                match direction {
                    Direction::Ingress => self.push(&outside, workload, connections),
                    Direction::Egress => self.push(workload, &outside, connections),
                }
            }
        }
    }

    /// Lists the names that the workloads' own policies speak of: what is allowed by IPv4 and by
    /// IPv6 alike.
    fn list_names(&mut self) {
        let rules = NameRules::of(self.engine);
        for workload in self.workloads.clone() {
            let labels = workload.face.endpoint.and_then(|id| self.engine.endpoint_labels(id));
            for text in labels.map(|labels| rules.names_of(labels)).unwrap_or_default() {
                let identities = name_identities(self.engine, text).into_iter();
                let sets = identities
                    .map(|(identity, _)| self.reach.between(workload.face, Face::of(identity)));
                if let Some(connections) = sets.reduce(|a, b| a.intersection(&b)) {
                    let name = format!("{text}[{}]", Kind::Fqdn.as_str());
                    self.push(&workload.to_string(), &name, &connections);
                }
            }
        }
    }

    /// Lists the entities that have no addresses in here.
    fn list_entities(&mut self) {
        let inside = ENTITIES.iter().filter(|(word, _)| !word.starts_with("world"));
        for (word, identities) in inside {
            for identity in *identities {
                let name = format!("{word}[{}]", Kind::Entity.as_str());
                self.list_other(&name, Face::of(*identity));
            }
        }
    }

    /// Lists what goes on between a node or entity and the workloads.
    fn list_other(&mut self, name: &str, face: Face) {
        for workload in self.workloads.clone() {
            let in_and_out =
                [self.reach.between(face, workload.face), self.reach.between(workload.face, face)];
            let workload = workload.to_string();
            let [to_workload, from_workload] = in_and_out;
            self.push(name, &workload, &to_workload);
            self.push(&workload, name, &from_workload);
        }
    }

    fn push(&mut self, src: &str, dst: &str, connections: &Connections) {
        if !connections.is_empty() {
            let (src, dst, conn) = (src.to_owned(), dst.to_owned(), connections.to_string());
            self.rows.push(Row { src, dst, conn });
        }
    }
}
