//! A slow model of everything, which the real thing has to equal after every step.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use proptest::prelude::*;

use super::*;

/// The model: flat lists, and no index.
#[derive(Debug)]
struct Model {
    config: FqdnConfig,
    selectors: BTreeSet<FqdnSelector>,
    endpoints: BTreeMap<u32, ModelEndpoint>,
    /// What the node knows.
    pairs: BTreeSet<(String, IpAddr)>,
    orphans: BTreeSet<String>,
    last_run: Timestamp,
    n_runs: u64,
}

#[derive(Debug, Default)]
struct ModelEndpoint {
    /// Until when each name has each address, and since when.
    history: BTreeMap<(String, IpAddr), (Timestamp, Timestamp)>,
    zombies: BTreeMap<IpAddr, ModelZombie>,
}

#[derive(Debug)]
struct ModelZombie {
    names: BTreeSet<String>,
    alive_at: Timestamp,
    pending: Timestamp,
    added: u64,
}

impl ModelEndpoint {
    fn holds(&self, pair: &(String, IpAddr)) -> bool {
        let zombie = self.zombies.get(&pair.1);
        self.history.contains_key(pair)
            || zombie.is_some_and(|zombie| zombie.names.contains(&pair.0))
    }

    fn history_of<'a>(&'a self, name: &'a str) -> impl Iterator<Item = (Timestamp, IpAddr)> + 'a {
        let of_name = self.history.iter().filter(move |((other, _), _)| other == name);
        of_name.map(|((_, address), (until, _))| (*until, *address))
    }

    fn zombies_of(&self, name: &str) -> Vec<IpAddr> {
        let with = self.zombies.iter().filter(|(_, zombie)| zombie.names.contains(name));
        with.map(|(address, _)| *address).collect()
    }

    fn n_zombie_pairs(&self) -> usize {
        self.zombies.values().map(|zombie| zombie.names.len()).sum()
    }

    /// Returns addresses in the order in which they go.
    fn order(&self, addresses: impl IntoIterator<Item = IpAddr>) -> Vec<IpAddr> {
        let mut addresses: Vec<IpAddr> = addresses.into_iter().collect();
        addresses.sort_by_key(|address| {
            let zombie = &self.zombies[address];
            (zombie.alive_at, zombie.pending, zombie.names.len(), *address)
        });
        addresses
    }

    fn kill(&mut self, addresses: &[IpAddr], lost: &mut BTreeSet<String>) {
        for address in addresses {
            lost.extend(self.zombies.remove(address).into_iter().flat_map(|zombie| zombie.names));
        }
    }

    fn kill_excess(&mut self, limit: usize, lost: &mut BTreeSet<String>) {
        let order = self.order(self.zombies.keys().copied());
        let excess = order.len().saturating_sub(limit);
        self.kill(&order[..excess], lost);
    }

    fn kill_pairs(&mut self, limit: usize, lost: &mut BTreeSet<String>) {
        for address in self.order(self.zombies.keys().copied()) {
            if self.n_zombie_pairs() > limit {
                self.kill(&[address], lost);
            }
        }
    }

    fn excess_of(&self, name: &str, limit: usize) -> Vec<IpAddr> {
        let mut order = self.order(self.zombies_of(name));
        order.truncate(order.len().saturating_sub(limit));
        order
    }
}

impl Model {
    fn new(config: FqdnConfig) -> Self {
        Self {
            config,
            selectors: BTreeSet::new(),
            endpoints: BTreeMap::new(),
            pairs: BTreeSet::new(),
            orphans: BTreeSet::new(),
            last_run: Timestamp::ZERO,
            n_runs: 0,
        }
    }

    fn learn(&mut self, id: u32, name: &str, addresses: &[IpAddr], ttl: u32, now: Timestamp) {
        let addresses = &addresses[..addresses.len().min(self.config.max_addresses_per_name)];
        let ttl = Duration::from_secs(ttl.into()).max(self.config.min_ttl);
        let until = now.saturating_add(ttl);
        let state = self.endpoints.entry(id).or_default();
        let (mut changed, mut new) = (false, BTreeSet::new());
        for address in addresses {
            let pair = (name.to_owned(), *address);
            let old = state.history.get(&pair).map(|(until, _)| *until);
            if old.is_none_or(|old| old < until) {
                state.history.insert(pair.clone(), (until, now));
                changed = true;
            }
            if old.is_none() && addresses.contains(address) {
                new.insert(pair);
            }
        }
        if changed {
            for address in addresses {
                if let Some(zombie) = state.zombies.get_mut(address)
                    && zombie.pending <= now
                {
                    zombie.names.remove(name);
                    if zombie.names.is_empty() {
                        state.zombies.remove(address);
                    }
                }
            }
        }
        let lost = if new.is_empty() { BTreeSet::new() } else { self.limit(id, name, now) };
        self.pairs.extend(new);
        self.settle(&lost);
    }

    fn limit(&mut self, id: u32, name: &str, now: Timestamp) -> BTreeSet<String> {
        let config = self.config.clone();
        let mut touched = Vec::new();
        loop {
            let state = &self.endpoints[&id];
            let of_name: BTreeSet<_> = state.history_of(name).collect();
            if of_name.len() <= config.max_addresses_per_name {
                break;
            }
            let (_, address) = of_name.into_iter().next().unwrap();
            self.retire(id, &(name.to_owned(), address), now);
            touched.push(name.to_owned());
        }
        loop {
            let state = &self.endpoints[&id];
            let names: BTreeSet<&String> = state.history.keys().map(|(name, _)| name).collect();
            if names.len() <= config.max_names_per_endpoint
                && state.history.len() <= config.max_addresses_per_endpoint
            {
                break;
            }
            let ends = names.iter().map(|name| (state.history_of(name).max().unwrap().0, *name));
            let (_, first) = ends.min().unwrap();
            let first = first.clone();
            let addresses: Vec<_> = state.history_of(&first).map(|(_, address)| address).collect();
            for address in addresses {
                self.retire(id, &(first.clone(), address), now);
            }
            touched.push(first);
        }
        let (mut lost, state) = (BTreeSet::new(), self.endpoints.get_mut(&id).unwrap());
        for name in touched {
            if state.zombies_of(&name).len() > 2 * config.max_addresses_per_name {
                let excess = state.excess_of(&name, config.max_addresses_per_name);
                state.kill(&excess, &mut lost);
            }
        }
        if state.zombies.len() > 2 * config.max_deferred_deletes {
            state.kill_excess(config.max_deferred_deletes, &mut lost);
        }
        if state.n_zombie_pairs() > 2 * config.max_addresses_per_endpoint {
            state.kill_pairs(config.max_addresses_per_endpoint, &mut lost);
        }
        lost
    }

    fn retire(&mut self, id: u32, pair: &(String, IpAddr), now: Timestamp) {
        let (last_run, n_runs) = (self.last_run, self.n_runs);
        let state = self.endpoints.get_mut(&id).unwrap();
        let (until, _) = state.history.remove(pair).unwrap();
        let zombie = state.zombies.entry(pair.1).or_insert_with(|| ModelZombie {
            names: BTreeSet::new(),
            alive_at: last_run,
            pending: Timestamp::ZERO,
            added: n_runs,
        });
        zombie.names.insert(pair.0.clone());
        zombie.alive_at = zombie.alive_at.max(last_run);
        zombie.pending = zombie.pending.max(until).max(now);
    }

    fn settle(&mut self, names: &BTreeSet<String>) {
        let endpoints = &self.endpoints;
        self.pairs.retain(|pair| {
            !names.contains(&pair.0) || endpoints.values().any(|state| state.holds(pair))
        });
    }

    fn is_connection_alive(&self, zombie: &ModelZombie) -> bool {
        self.last_run <= zombie.pending.saturating_add(self.config.idle_grace)
            || self.last_run <= zombie.alive_at
            || self.n_runs < zombie.added + 2
    }

    fn is_alive(&self, state: &ModelEndpoint, zombie: &ModelZombie) -> bool {
        let shares = |other: &ModelZombie| !other.names.is_disjoint(&zombie.names);
        self.is_connection_alive(zombie)
            || state.zombies.values().any(|other| shares(other) && self.is_connection_alive(other))
    }

    fn expire(&mut self, now: Timestamp) {
        let mut affected = std::mem::take(&mut self.orphans);
        for id in self.endpoints.keys().copied().collect::<Vec<_>>() {
            affected.extend(self.expire_endpoint(id, now));
        }
        self.settle(&affected);
    }

    fn expire_endpoint(&mut self, id: u32, now: Timestamp) -> BTreeSet<String> {
        let over = |until: &Timestamp| until.as_unix_secs() < now.as_unix_secs();
        let history = &self.endpoints[&id].history;
        let expired = history.iter().filter(|(_, (until, _))| over(until));
        for pair in expired.map(|(pair, _)| pair.clone()).collect::<Vec<_>>() {
            self.retire(id, &pair, now);
        }
        let config = self.config.clone();
        let state = &self.endpoints[&id];
        let affected = state.zombies.values().flat_map(|zombie| zombie.names.clone()).collect();
        let dead = state.zombies.iter().filter(|(_, zombie)| !self.is_alive(state, zombie));
        let dead: Vec<IpAddr> = dead.map(|(address, _)| *address).collect();
        let (mut lost, state) = (BTreeSet::new(), self.endpoints.get_mut(&id).unwrap());
        state.kill(&dead, &mut lost);
        let names: BTreeSet<String> =
            state.zombies.values().flat_map(|z| z.names.clone()).collect();
        let excess =
            names.iter().flat_map(|name| state.excess_of(name, config.max_addresses_per_name));
        let excess: BTreeSet<IpAddr> = excess.collect();
        state.kill(&excess.into_iter().collect::<Vec<_>>(), &mut lost);
        state.kill_excess(config.max_deferred_deletes, &mut lost);
        state.kill_pairs(config.max_addresses_per_endpoint, &mut lost);
        affected
    }

    fn remove_endpoint(&mut self, id: u32) {
        if let Some(state) = self.endpoints.remove(&id) {
            self.orphans.extend(state.history.into_keys().map(|(name, _)| name));
            self.orphans.extend(state.zombies.into_values().flat_map(|zombie| zombie.names));
        }
    }

    fn flush(&mut self, pattern: &str, now: Timestamp) {
        let matches = |name: &str| glob(pattern, name);
        for state in self.endpoints.values_mut() {
            state.history.retain(|(name, _), (_, since)| *since >= now || !matches(name));
            for zombie in state.zombies.values_mut() {
                zombie.names.retain(|name| !matches(name));
            }
            state.zombies.retain(|_, zombie| !zombie.names.is_empty());
        }
        let affected = self.pairs.iter().map(|(name, _)| name.clone()).filter(|name| matches(name));
        self.settle(&affected.collect());
    }

    fn restart(&mut self, now: Timestamp) {
        (self.last_run, self.n_runs) = (Timestamp::ZERO, 0);
        self.orphans.clear();
        self.pairs.clear();
        for id in self.endpoints.keys().copied().collect::<Vec<_>>() {
            for zombie in self.endpoints.get_mut(&id).unwrap().zombies.values_mut() {
                zombie.added = 0;
            }
            self.expire_endpoint(id, now);
            let state = &self.endpoints[&id];
            let zombies = state.zombies.iter();
            let zombies =
                zombies.flat_map(|(a, zombie)| zombie.names.iter().map(|n| (n.clone(), *a)));
            self.pairs.extend(state.history.keys().cloned().chain(zombies));
        }
    }

    /// Returns what the ipcache should have been told by now.
    fn told(&self) -> Told {
        let labels = |name: &str| {
            let matching = self.selectors.iter().filter(|selector| selects(selector, name));
            matching.map(|selector| format!("fqdn:{}", selector.text())).collect::<BTreeSet<_>>()
        };
        let told = self.pairs.iter().map(|pair| (pair.clone(), labels(&pair.0)));
        let told = told.filter(|(_, labels)| !labels.is_empty());
        told.map(|(pair, labels)| (pair, labels.into_iter().collect())).collect()
    }
}

fn selects(selector: &FqdnSelector, name: &str) -> bool {
    let text = selector.text().to_ascii_lowercase();
    let text = text.strip_suffix('.').unwrap_or(&text);
    match text.strip_prefix("**.") {
        _ if text == "*" => true,
        // One label or more stand for the two stars.
        Some(rest) => {
            let rest = format!(".{rest}.");
            name.strip_suffix(rest.as_str()).is_some_and(|front| !front.is_empty())
        }
        None => glob(&format!("{text}."), name),
    }
}

/// A star stands for any part of a label.
fn glob(pattern: &str, name: &str) -> bool {
    match (pattern.chars().next(), name.chars().next()) {
        (None, None) => true,
        (Some('*'), Some(c)) if c != '.' => glob(&pattern[1..], name) || glob(pattern, &name[1..]),
        (Some('*'), _) => glob(&pattern[1..], name),
        (Some(p), Some(c)) => p == c && glob(&pattern[1..], &name[1..]),
        _ => false,
    }
}

#[derive(Clone, Debug)]
enum Step {
    Register(usize),
    Unregister(usize),
    Learn { endpoint: u32, name: usize, addresses: Vec<u32>, ttl: u32 },
    Expire,
    MarkAlive { endpoint: u32, address: u32 },
    ConntrackGcDone,
    RemoveEndpoint(u32),
    Flush(usize),
    Restart,
}

const NAMES: [&str; 6] =
    ["a.example.", "b.example.", "ab.example.", "a.b.example.", "c.test.", "a.c.test."];

const PATTERNS: [&str; 4] = ["*.example.", "a.example.", "a*.example.", "*.*.*."];

fn selectors() -> Vec<FqdnSelector> {
    let patterns =
        ["*.example", "**.example", "*.test", "*", "a*.Example.", "a.example", "*.c.test"];
    let names = ["a.example", "B.example.", "a.c.test"];
    patterns.into_iter().map(pattern).chain(names.into_iter().map(name)).collect()
}

fn step() -> impl Strategy<Value = Step> {
    let learn = (0..3_u32, 0..NAMES.len(), proptest::collection::vec(0..8_u32, 0..5), 0..90_u32);
    prop_oneof![
        2 => (0..10_usize).prop_map(Step::Register),
        1 => (0..10_usize).prop_map(Step::Unregister),
        12 => learn.prop_map(|(endpoint, name, addresses, ttl)| Step::Learn { endpoint, name, addresses, ttl }),
        4 => Just(Step::Expire),
        3 => (0..3_u32, 0..8_u32).prop_map(|(endpoint, address)| Step::MarkAlive { endpoint, address }),
        4 => Just(Step::ConntrackGcDone),
        1 => (0..3_u32).prop_map(Step::RemoveEndpoint),
        1 => (0..PATTERNS.len()).prop_map(Step::Flush),
        1 => Just(Step::Restart),
    ]
}

fn config() -> impl Strategy<Value = FqdnConfig> {
    let limits = (1..5_usize, 1..7_usize, 1..15_usize, 0..6_usize);
    (limits, 0..40_u64, 0..40_u64, any::<bool>()).prop_map(|(limits, min_ttl, idle_grace, wide)| {
        let mut config = settings();
        config.min_ttl = Duration::from_secs(min_ttl);
        config.idle_grace = Duration::from_secs(idle_grace);
        if !wide {
            config.max_addresses_per_name = limits.0;
            config.max_names_per_endpoint = limits.1;
            config.max_addresses_per_endpoint = limits.2;
            config.max_deferred_deletes = limits.3;
        }
        config
    })
}

/// Takes one step in both.
fn take(step: &Step, now: Timestamp, world: &mut World, model: &mut Model) {
    let selectors = selectors();
    match step {
        Step::Register(n) => {
            world.register(&selectors[*n]);
            model.selectors.insert(selectors[*n].clone());
        }
        Step::Unregister(n) => {
            world.unregister(&selectors[*n]);
            model.selectors.remove(&selectors[*n]);
        }
        Step::Learn { endpoint, name, addresses, ttl } => {
            let addresses: Vec<IpAddr> = addresses.iter().map(|n| nth(*n)).collect();
            let answer = DnsAnswer::new(NAMES[*name], addresses.iter().copied(), *ttl);
            let changes = world.names.learn(*endpoint, &answer, now);
            world.take(changes);
            model.learn(*endpoint, NAMES[*name], &addresses, *ttl, now);
        }
        Step::Expire => {
            let changes = world.names.expire(now);
            world.take(changes);
            model.expire(now);
        }
        Step::MarkAlive { endpoint, address } => {
            world.names.mark_alive(*endpoint, nth(*address), now);
            let until = now.saturating_add(model.config.idle_grace);
            let state = model.endpoints.get_mut(endpoint);
            if let Some(zombie) = state.and_then(|state| state.zombies.get_mut(&nth(*address))) {
                zombie.alive_at = until;
            }
        }
        Step::ConntrackGcDone => {
            world.names.conntrack_gc_done(now);
            model.last_run = now;
            model.n_runs += 1;
        }
        Step::RemoveEndpoint(id) => {
            world.names.remove_endpoint(*id);
            model.remove_endpoint(*id);
        }
        Step::Flush(n) => {
            let changes = world.names.flush(Some(PATTERNS[*n]), now).unwrap();
            world.take(changes);
            model.flush(PATTERNS[*n], now);
        }
        Step::Restart => {
            let text = world.names.snapshot().to_json();
            *world = World::with(model.config.clone());
            model.selectors.iter().for_each(|selector| assert_eq!(world.register(selector), 0));
            let changes = world.names.restore(&Snapshot::from_json(&text).unwrap(), now);
            world.take(changes);
            model.restart(now);
        }
    }
}

fn compare(world: &World, model: &Model) {
    assert_eq!(world.told, model.told());
    let pairs = NAMES.iter().flat_map(|name| {
        world.names.addresses(name).map(|address| ((*name).to_owned(), address)).collect::<Vec<_>>()
    });
    assert!(pairs.collect::<BTreeSet<_>>() == model.pairs);
    assert_eq!(world.names.stats().addresses, model.pairs.len());
    for n in 0..8 {
        let names: Vec<&str> = world.names.names(nth(n)).collect();
        let expected = model.pairs.iter().filter(|pair| pair.1 == nth(n)).map(|pair| &*pair.0);
        assert!(names.iter().copied().eq(expected));
    }
    compare_endpoints(&world.names, model);
}

fn compare_endpoints(names: &NameManager, model: &Model) {
    let kept = names.snapshot();
    for id in 0..3 {
        let (real, state) = (kept.endpoints.get(&id), model.endpoints.get(&id));
        let real = real.cloned().unwrap_or_default();
        let history = real.history.iter().flat_map(|lookup| {
            let life = (lookup.expiration_time, lookup.lookup_time);
            lookup.ips.iter().map(move |ip| ((lookup.fqdn.clone(), *ip), life))
        });
        let empty = ModelEndpoint::default();
        let state = state.unwrap_or(&empty);
        assert_eq!(history.collect::<BTreeMap<_, _>>(), state.history);
        let zombie = |(ip, zombie): (&IpAddr, &ZombieRecord)| {
            let names: BTreeSet<String> = zombie.names.iter().cloned().collect();
            (*ip, (names, zombie.alive_at, zombie.delete_pending_at))
        };
        let expected = state
            .zombies
            .iter()
            .map(|(ip, zombie)| (*ip, (zombie.names.clone(), zombie.alive_at, zombie.pending)));
        let zombies: BTreeMap<_, _> = real.zombies.deletes.iter().map(zombie).collect();
        assert_eq!(zombies, expected.collect());
        compare_rows(names, model, id, state);
    }
}

fn compare_rows(names: &NameManager, model: &Model, id: u32, state: &ModelEndpoint) {
    let connections = LookupFilter {
        endpoint: Some(id),
        source: Some(LookupSource::Connection),
        ..LookupFilter::default()
    };
    let rows = names.lookups(&connections).unwrap();
    let rows: BTreeSet<_> =
        rows.iter().map(|row| (row.lookup.fqdn.clone(), row.lookup.ips[0])).collect();
    let alive = state.zombies.iter().filter(|(_, zombie)| model.is_alive(state, zombie));
    let alive = alive.flat_map(|(ip, zombie)| zombie.names.iter().map(|name| (name.clone(), *ip)));
    assert_eq!(rows, alive.collect());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn the_manager_equals_the_model(
        config in config(),
        steps in proptest::collection::vec((step(), 0..40_u64), 1..120),
    ) {
        let mut world = World::with(config.clone());
        let mut model = Model::new(config);
        let mut now = 1_000_000_000_000_000_000;
        for (step, halves) in steps {
            now += halves * 500_000_000;
            take(&step, Timestamp::from_unix_nanos(now), &mut world, &mut model);
            compare(&world, &model);
        }
    }
}
