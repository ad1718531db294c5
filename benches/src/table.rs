//! The table of comparisons: for each workload what netpol takes, what each other library takes,
//! the ratio and the memory.

use serde_json::{Value, json};

/// One row: something that does the workload.
#[derive(Clone, Debug)]
pub struct Entry {
    /// What it is called.
    pub name: String,
    /// Nanoseconds for one operation.
    pub time: f64,
    /// Bytes of memory, where they are of interest.
    pub bytes: Option<usize>,
}

impl Entry {
    /// Returns an entry without memory.
    #[must_use]
    pub fn new(name: &str, time: f64) -> Self {
        Self { name: name.to_owned(), time, bytes: None }
    }

    /// Returns an entry with memory.
    #[must_use]
    pub fn with_bytes(name: &str, time: f64, bytes: usize) -> Self {
        Self { bytes: Some(bytes), ..Self::new(name, time) }
    }
}

/// What ours must come to.
#[derive(Clone, Copy, Debug)]
pub enum Bar {
    /// At most so many nanoseconds.
    Nanoseconds(f64),
    /// At most so many MiB.
    MiB(f64),
    /// At least so many times as fast as what has this name.
    Speed(&'static str, f64),
    /// At most this share of the memory of what has this name.
    Memory(&'static str, f64),
}

/// A workload, and all that was measured with it.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// Such as `lpm cluster4-10000, batch`.
    pub workload: String,
    /// What netpol takes.
    pub ours: Entry,
    /// What others take.
    pub peers: Vec<Entry>,
    /// What ours must come to. Those that name a peer which was not measured say nothing.
    pub bars: Vec<Bar>,
}

impl Comparison {
    /// Returns what must hold, and by which factor it does: 1 and more if it holds.
    fn outcomes(&self) -> Vec<(String, f64)> {
        let mib = |entry: &Entry| entry.bytes.unwrap_or(0) as f64 / f64::from(1 << 20);
        let peer = |name: &str| self.peers.iter().find(|peer| peer.name == name);
        let outcome = |bar: &Bar| match *bar {
            Bar::Nanoseconds(most) => Some((format!("at most {most} ns"), most / self.ours.time)),
            Bar::MiB(most) => Some((format!("at most {most} MiB"), most / mib(&self.ours))),
            Bar::Speed(name, least) => {
                let ratio = peer(name)?.time / self.ours.time;
                Some((format!("{least}x the speed of {name}"), ratio / least))
            }
            Bar::Memory(name, most) => {
                let share = mib(&self.ours) / mib(peer(name)?);
                Some((format!("1/{:.0} of the memory of {name}", 1.0 / most), most / share))
            }
        };
        self.bars.iter().filter_map(outcome).collect()
    }

    fn print(&self) {
        let Self { workload, ours, peers, .. } = self;
        println!("\n{workload}");
        print_entry(ours, None);
        peers.iter().for_each(|peer| print_entry(peer, Some(peer.time / ours.time)));
        for (bar, factor) in self.outcomes() {
            match factor >= 1.0 {
                true => println!("  bar: {bar}, met"),
                false => println!("  bar: {bar}, missed: {factor:.2} of it"),
            }
        }
    }

    fn to_json(&self) -> Value {
        let Self { workload, ours, peers, .. } = self;
        let entry = |entry: &Entry| {
            let Entry { name, time, bytes } = entry;
            json!({ "name": name, "ns": time, "ratio": time / ours.time, "bytes": bytes })
        };
        let bar = |(bar, factor): (String, f64)| json!({ "bar": bar, "factor": factor });
        json!({
            "workload": workload,
            "ours": entry(ours),
            "peers": peers.iter().map(entry).collect::<Vec<_>>(),
            "bars": self.outcomes().into_iter().map(bar).collect::<Vec<_>>(),
        })
    }
}

fn print_entry(entry: &Entry, ratio: Option<f64>) {
    let Entry { name, time, bytes } = entry;
    let ratio = ratio.map_or(String::new(), |ratio| format!("{ratio:.2}x"));
    let mib = |bytes: usize| format!("{:.2} MiB", bytes as f64 / f64::from(1 << 20));
    let line = format!(
        "  {name:24} {time:10.2} ns {ratio:>9} {:>14}",
        bytes.map_or_else(String::new, mib)
    );
    println!("{}", line.trim_end());
}

/// Shows comparisons: as text at once, as JSON when all are there.
#[derive(Debug)]
pub struct Table {
    json: Option<Vec<Value>>,
}

impl Table {
    /// Returns the table without rows.
    #[must_use]
    pub fn new(json: bool) -> Self {
        Self { json: json.then(Vec::new) }
    }

    /// Adds a comparison.
    pub fn add(&mut self, comparison: &Comparison) {
        match &mut self.json {
            Some(all) => all.push(comparison.to_json()),
            None => comparison.print(),
        }
    }

    /// Shows what was not shown yet.
    pub fn finish(self) {
        if let Some(all) = self.json {
            println!("{:#}", Value::from(all));
        }
    }
}
