//! HTTP rules, and requests to decide.

use super::random::Random;

const SEED: u64 = 0x0707_0000_0000_0000;
const REQUESTS: usize = 10_000;
const METHODS: [&str; 5] = ["GET", "POST", "PUT", "DELETE", "PATCH"];
const WORDS: [&str; 16] = [
    "users", "orders", "items", "carts", "invoices", "sessions", "tokens", "images", "reports",
    "events", "jobs", "keys", "teams", "hooks", "files", "tags",
];

/// HTTP rules and requests (W7). A request is allowed if a rule's expressions match method and path as
/// a whole.
#[derive(Clone, Debug)]
pub struct Requests {
    /// The expressions of each rule, for method and path.
    pub rules: Vec<(String, String)>,
    /// The requests, 10,000 of them: method and path.
    pub requests: Vec<(String, String)>,
}

impl Requests {
    /// Returns so many rules, at least one, and requests of which some half are allowed.
    #[must_use]
    pub fn new(n_rules: u32) -> Self {
        let mut random = Random::new(SEED + u64::from(n_rules));
        let (mut rules, mut samples) = (Vec::new(), Vec::new());
        for number in 0..n_rules {
            let (rule, sample) = rule(number, &mut random);
            rules.push(rule);
            samples.push(sample);
        }
        let requests = (0..REQUESTS).map(|_| request(n_rules, &samples, &mut random)).collect();
        Self { rules, requests }
    }

    /// Returns how many of the requests are allowed, for the sizes of which that is known.
    #[must_use]
    pub const fn allowed(n_rules: u32) -> Option<usize> {
        match n_rules {
            10 => Some(5_597),
            100 => Some(5_822),
            1_000 => Some(5_691),
            _ => None,
        }
    }
}

/// Returns a rule, and a request that it allows.
fn rule(i: u32, random: &mut Random) -> ((String, String), (String, String)) {
    let (a, b, v) = (*random.pick(&WORDS), *random.pick(&WORDS), random.below(4));
    let method = *random.pick(&METHODS);
    let (path, sample) = match i % 5 {
        0 => (format!("/svc-{i}/v{v}/{a}"), format!("/svc-{i}/v{v}/{a}")),
        1 => (
            format!("/svc-{i}/v{v}/{a}/[0-9]+"),
            format!("/svc-{i}/v{v}/{a}/{}", random.below(100_000)),
        ),
        2 => (format!("/svc-{i}/{a}/.*"), format!("/svc-{i}/{a}/{b}/x/{}", random.below(1000))),
        3 => {
            let hex = random.number() & 0xffff_ffff;
            (
                format!("/svc-{i}/{a}/[0-9a-f]{{8}}/{b}(/[0-9]+)?"),
                format!("/svc-{i}/{a}/{hex:08x}/{b}/{}", random.below(100)),
            )
        }
        _ => (
            format!("/(static|assets)/svc-{i}/[^/]+\\.(css|js|png)"),
            format!("/static/svc-{i}/{a}{}.js", random.below(1000)),
        ),
    };
    match random.chance(20) {
        true => {
            let other = random.pick(&["POST", "PUT", "DELETE"]);
            ((format!("GET|{other}"), path), ("GET".into(), sample))
        }
        false => ((method.into(), path), (method.into(), sample)),
    }
}

fn request(n_rules: u32, samples: &[(String, String)], random: &mut Random) -> (String, String) {
    let (method, path) = random.pick(samples).clone();
    match random.below(100) {
        0..50 => (method, path),
        // Maybe another method, then no such path.
        50..75 => ((*random.pick(&METHODS)).into(), path),
        _ => {
            let service = random.below(n_rules);
            (method, format!("/svc-{service}/none/{}", random.below(100_000)))
        }
    }
}
