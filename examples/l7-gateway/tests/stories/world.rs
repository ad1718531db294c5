//! A gateway with files of its own, servers behind it, and a clock that is set by hand.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use clap::Parser;
use l7_gateway::{Config, Gateway, LogSink};
use netpol::Timestamp;

use crate::client::{Answer, Dns, ask_http, ask_name};
use crate::outside::Outside;

pub(crate) const FRONTEND: &str = "127.0.10.2";
pub(crate) const BACKEND: &str = "127.0.10.3";
pub(crate) const VPN: &str = "127.0.20.7";
pub(crate) const STRANGER: &str = "127.0.99.9";
pub(crate) const CLOUD: &str = "127.0.30.1";

/// How long something that happens by itself may take.
const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) struct World {
    pub(crate) gateway: Gateway,
    pub(crate) folder: Folder,
    pub(crate) outside: Outside,
    log: Arc<Lines>,
    seconds: Arc<AtomicU64>,
}

impl World {
    /// Starts everything; `options` are more options of the gateway.
    pub(crate) async fn start(options: &[&str]) -> Self {
        let folder = Folder::with_the_stories();
        let outside = Outside::start("127.0.0.1:0", "127.0.0.1:0").await;
        let seconds = Arc::new(AtomicU64::new(1_700_000_000));
        let log = Arc::new(Lines::default());
        let clock = {
            let seconds = Arc::clone(&seconds);
            Arc::new(move || Timestamp::from_unix_secs(seconds.load(Ordering::SeqCst)))
        };
        let config = Config::parse_from(
            [
                "l7-gateway",
                "-f",
                folder.0.to_str().unwrap(),
                "--http",
                &format!("{BACKEND}:0={}", outside.http),
                "--http",
                &format!("{CLOUD}:0={}", outside.http),
                "--dns",
                &format!("127.0.53.53:0={}", outside.dns),
                "--reload-ms",
                "20",
            ]
            .iter()
            .chain(options),
        );
        let sink: Arc<dyn LogSink> = Arc::<Lines>::clone(&log);
        let gateway = Gateway::start(config, clock, sink).await.unwrap();
        Self { gateway, folder, outside, log, seconds }
    }

    pub(crate) fn backend(&self) -> SocketAddr {
        self.gateway.http_addrs()[0]
    }

    pub(crate) fn cloud(&self) -> SocketAddr {
        self.gateway.http_addrs()[1]
    }

    pub(crate) fn dns(&self) -> SocketAddr {
        self.gateway.dns_addrs()[0]
    }

    /// Asks the backend.
    pub(crate) async fn http(&self, from: &str, request: &str) -> Answer {
        ask_http(from, self.backend(), request, "shop.example").await.unwrap()
    }

    /// Asks the site in the cloud.
    pub(crate) async fn cloud_answers(&self, from: &str) -> Answer {
        ask_http(from, self.cloud(), "GET /", "www.cloud.google.com").await.unwrap()
    }

    /// Asks for the addresses of a name.
    pub(crate) async fn name(&self, from: &str, name: &str) -> Dns {
        ask_name(from, self.dns(), name).await.unwrap()
    }

    /// Lets time pass, and what has run out expire.
    pub(crate) fn pass(&self, seconds: u64) {
        self.seconds.fetch_add(seconds, Ordering::SeqCst);
        self.gateway.expire().unwrap();
    }

    /// Returns how many lines of the log hold a text.
    pub(crate) fn count(&self, text: &str) -> usize {
        self.log.0.lock().unwrap().iter().filter(|line| line.contains(text)).count()
    }

    /// Waits until a line of the log holds a text.
    pub(crate) async fn logged(&self, text: &str) -> String {
        let start = Instant::now();
        loop {
            if let Some(line) = self.log.find(text) {
                return line;
            }
            assert!(start.elapsed() < PATIENCE, "no `{text}` in {:#?}", self.log);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// A log that is kept.
#[derive(Debug, Default)]
struct Lines(Mutex<Vec<String>>);

impl Lines {
    fn find(&self, text: &str) -> Option<String> {
        self.0.lock().unwrap().iter().find(|line| line.contains(text)).cloned()
    }
}

impl LogSink for Lines {
    fn flow(&self, line: &str) {
        self.0.lock().unwrap().push(line.to_owned());
    }

    fn note(&self, note: &str) {
        self.0.lock().unwrap().push(note.to_owned());
    }
}

/// A folder that goes when the test ends.
pub(crate) struct Folder(PathBuf);

impl Folder {
    fn with_the_stories() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::SeqCst);
        let name = format!("l7-gateway-{}-{number}", std::process::id());
        let folder = Self(std::env::temp_dir().join(name));
        fs::create_dir(&folder.0).unwrap();
        for file in
            ["endpoints.yaml", "policies/story-3-names.yaml", "policies/story-5-docs-route.yaml"]
        {
            let from = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
            let text = fs::read_to_string(from).unwrap();
            folder.write(file.rsplit('/').next().unwrap(), &text);
        }
        folder
    }

    /// Replaces a file as a whole, so that nobody sees half of it.
    pub(crate) fn write(&self, file: &str, text: &str) {
        let half = self.0.join(".half");
        fs::write(&half, text).unwrap();
        fs::rename(half, self.0.join(file)).unwrap();
    }

    /// Changes a file by replacing a text.
    pub(crate) fn change(&self, file: &str, old: &str, new: &str) {
        let text = fs::read_to_string(self.0.join(file)).unwrap();
        assert!(text.contains(old), "{text}");
        self.write(file, &text.replace(old, new));
    }

    pub(crate) fn remove(&self, file: &str) {
        fs::remove_file(self.0.join(file)).unwrap();
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed stays among other temporary files.
        let _left = fs::remove_dir_all(&self.0);
    }
}
