//! Incremental == from scratch, deltas == dump, order does not matter, nothing leaks: random
//! sequences of changes to one engine, compared after every publication with an engine that gets
//! the same final state at once, in another order.

#![expect(clippy::unwrap_used, reason = "a failure here is a failure of the test")]

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use netpol::{
    AllowLocalhost, Decision, Direction, Endpoint, EndpointId, Engine, Flow, IdentityId, Label,
    MapDelta, Options, PolicyMap, Prefix, Protocol, Published, Service, Source,
};

/// Operations in one sequence, publications aside.
const N_OPERATIONS: usize = 200;
const N_SEQUENCES: u64 = 12;

#[test]
fn a_changed_engine_equals_one_made_at_once() {
    for seed in 0..N_SEQUENCES {
        let mut run = Run::new(seed);
        for step in 0..N_OPERATIONS {
            run.change();
            if run.random.below(4) == 0 {
                run.publish_and_compare(&format!("seed {seed}, step {step}"));
            }
        }
        run.publish_and_compare(&format!("seed {seed}, end"));
        run.remove_everything();
        run.publish_and_compare(&format!("seed {seed}, emptied"));
        assert_eq!(run.engine.identity_count(), 0, "seed {seed}: identities leak");
        let left: Vec<Prefix> = run.engine.prefixes().map(|(prefix, _)| prefix).collect();
        assert!(left.iter().all(|prefix| prefix.len() == 0), "seed {seed}: {left:?} leak");
    }
}

/// Rules that contradict each other, for every endpoint of a namespace.
const CONFLICT: &str = "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\n\
    metadata: {name: conflict, namespace: ns0}\n\
    spec: {endpointSelector: {}, ingress: [\
    {fromEndpoints: [{}], authentication: {mode: required}}, \
    {fromEndpoints: [{}], authentication: {mode: disabled}}]}\n";

/// While rules contradict each other, endpoints keep what they had, and it goes on to follow
/// identities: as if the rules were not there.
#[test]
fn policies_behind_a_conflict_follow_identities() {
    // With labels that policies look at, identities would depend on the conflict as well.
    for seed in (0..N_SEQUENCES).filter(|seed| !options(*seed).policy_relevant_labels) {
        let mut run = Run { named_ports: false, ..Run::new(seed) };
        (0..40).for_each(|_| run.change());
        for round in 0..6 {
            run.publish_and_compare(&format!("seed {seed}, round {round}"));
            let before = run.identities();
            run.engine.apply(&Source::named("conflict", CONFLICT)).unwrap();
            for step in 0..10 {
                run.change_surroundings();
                let what = format!("seed {seed}, round {round}, step {step}");
                let published = run.engine.publish();
                run.replay(&published, &what);
                let kept = run.kept(&before);
                let scratch = run.inputs.engine(&mut run.random, run.engine.options().clone());
                let (ours, theirs) = (maps(&run.engine, &kept), maps(&scratch, &kept));
                let only_ours: Vec<_> = ours.difference(&theirs).collect();
                let only_theirs: Vec<_> = theirs.difference(&ours).collect();
                assert_eq!(only_ours, only_theirs, "{what}: in conflict, without it");
            }
            run.engine.delete(&Source::named("conflict", CONFLICT)).unwrap();
            run.change();
        }
    }
}

/// One engine, what it was told, and what its deltas have come to.
struct Run {
    random: Random,
    // Whether pods have named ports.
    named_ports: bool,
    engine: Engine,
    inputs: Inputs,
    ids: BTreeMap<String, EndpointId>,
    replayed: BTreeMap<EndpointId, PolicyMap>,
    ipcache: BTreeMap<Prefix, IdentityId>,
}

/// The state that an engine is told.
#[derive(Clone, Default)]
struct Inputs {
    documents: BTreeMap<String, String>,
    endpoints: BTreeMap<String, Endpoint>,
    namespaces: BTreeMap<String, String>,
    prefixes: BTreeMap<Prefix, String>,
    services: BTreeMap<String, Service>,
    names: BTreeMap<String, BTreeSet<IpAddr>>,
}

impl Run {
    fn new(seed: u64) -> Self {
        let options = options(seed);
        Self {
            random: Random(seed),
            named_ports: true,
            engine: Engine::builder().options(options).build(),
            inputs: Inputs::default(),
            ids: BTreeMap::new(),
            replayed: BTreeMap::new(),
            ipcache: BTreeMap::new(),
        }
    }

    fn change(&mut self) {
        match self.random.below(20) {
            0..=6 => self.apply_document(),
            7 | 8 => self.delete_document(),
            9..=12 => self.put_endpoint(),
            13 => self.remove_endpoint(),
            14 => self.label_namespace(),
            15 | 16 => self.put_prefix(),
            17 => self.put_service(),
            18 => self.learn(),
            _ => self.put_group(),
        }
    }

    /// Changes something that policies of `ns0` follow while they are in force. Pods there stay as they
    /// are: others would not even have a policy that names could come into use by.
    fn change_surroundings(&mut self) {
        match self.random.below(10) {
            0..=3 => {
                let n = self.random.below(5) * 2 + 1;
                self.put_pod(n);
            }
            4 => self.remove_endpoint(),
            5 => self.label("ns1".to_owned()),
            6 | 7 => self.put_prefix(),
            8 => self.learn(),
            _ => self.put_group(),
        }
    }

    /// Returns the identities of all endpoints.
    fn identities(&self) -> BTreeMap<EndpointId, Option<IdentityId>> {
        self.ids.values().map(|id| (*id, self.engine.endpoint_identity(*id))).collect()
    }

    /// Returns the names of the endpoints that still have the identity that they had.
    fn kept(&self, before: &BTreeMap<EndpointId, Option<IdentityId>>) -> BTreeSet<String> {
        let now = self.identities();
        let same = self.ids.iter().filter(|(_, id)| before.get(id) == now.get(id));
        same.map(|(name, _)| name.clone()).collect()
    }

    fn apply_document(&mut self) {
        let name = format!("p{}", self.random.below(14));
        let text = self.random.policy(&name);
        self.engine.apply(&Source::named(&name, &text)).unwrap();
        self.inputs.documents.insert(name, text);
    }

    fn put_group(&mut self) {
        let name = format!("g{}", self.random.below(2));
        let prefixes = [self.random.prefix(), self.random.prefix()];
        let role = self.random.below(2);
        let text = format!(
            "apiVersion: cilium.io/v2\nkind: CiliumCIDRGroup\nmetadata: {{name: {name}, labels: \
             {{role: r{role}}}}}\nspec: {{externalCIDRs: [{}, {}]}}\n",
            prefixes[0], prefixes[1]
        );
        self.engine.apply(&Source::named(&name, &text)).unwrap();
        self.inputs.documents.insert(name, text);
    }

    fn delete_document(&mut self) {
        let Some(name) = self.random.pick(self.inputs.documents.keys()) else { return };
        let text = self.inputs.documents.remove(&name).unwrap();
        self.engine.delete(&Source::named(&name, &text)).unwrap();
    }

    fn put_endpoint(&mut self) {
        let n = self.random.below(10);
        self.put_pod(n);
    }

    fn put_pod(&mut self, n: usize) {
        let name = format!("pod-{n}");
        let endpoint = self.random.endpoint(&name, n, self.named_ports);
        match self.ids.get(&name) {
            Some(id) => self.engine.update_endpoint(*id, endpoint.clone()).unwrap(),
            None => {
                let id = self.engine.add_endpoint(endpoint.clone()).unwrap();
                self.ids.insert(name.clone(), id);
            }
        }
        self.inputs.endpoints.insert(name, endpoint);
    }

    fn remove_endpoint(&mut self) {
        let Some(name) = self.random.pick(self.inputs.endpoints.keys()) else { return };
        self.inputs.endpoints.remove(&name);
        let id = self.ids.remove(&name).unwrap();
        assert!(self.engine.remove_endpoint(id));
        self.replayed.remove(&id);
    }

    fn label_namespace(&mut self) {
        let name = format!("ns{}", self.random.below(2));
        self.label(name);
    }

    fn label(&mut self, name: String) {
        if self.random.below(4) == 0 {
            self.engine.remove_namespace(&name).unwrap();
            self.inputs.namespaces.remove(&name);
            return;
        }
        let team = format!("t{}", self.random.below(3));
        self.engine.set_namespace(&name, [("team", team.as_str())]).unwrap();
        self.inputs.namespaces.insert(name, team);
    }

    fn put_prefix(&mut self) {
        let prefix: Prefix = self.random.prefix().parse().unwrap();
        if self.inputs.prefixes.remove(&prefix).is_some() {
            self.engine.remove_ip(&prefix);
            return;
        }
        let label = format!("k8s:app=remote{}", self.random.below(3));
        self.engine.upsert_ip(prefix, [Label::parse(&label)]);
        self.inputs.prefixes.insert(prefix, label);
    }

    fn put_service(&mut self) {
        let name = format!("s{}", self.random.below(2));
        let mut service = Service { namespace: "ns0".into(), ..Service::default() };
        service.name = name.as_str().into();
        match self.random.below(2) {
            0 => {
                service.selector.insert("app".into(), self.random.app().into());
            }
            _ => service.backends.push([10, 9, 0, self.random.byte(8)].into()),
        }
        self.engine.insert_service(service.clone());
        self.inputs.services.insert(name, service);
    }

    fn learn(&mut self) {
        let name = ["a.example.com.", "b.example.com.", "c.test."][self.random.below(3)];
        let address: IpAddr = [10, 9, 0, self.random.byte(8)].into();
        self.engine.learn_name(name, [address]).unwrap();
        self.inputs.names.entry(name.to_owned()).or_default().insert(address);
    }

    fn remove_everything(&mut self) {
        let inputs = std::mem::take(&mut self.inputs);
        for (name, text) in &inputs.documents {
            self.engine.delete(&Source::named(name, text)).unwrap();
        }
        for id in std::mem::take(&mut self.ids).into_values() {
            assert!(self.engine.remove_endpoint(id));
            self.replayed.remove(&id);
        }
        for prefix in inputs.prefixes.keys() {
            self.engine.remove_ip(prefix);
        }
        self.engine.flush_names(None, netpol::Timestamp::from_unix_secs(1)).unwrap();
    }

    fn publish_and_compare(&mut self, what: &str) {
        let before = self.replayed.clone();
        let ipcache_before = self.ipcache.clone();
        let published = self.engine.publish();
        assert!(published.error.is_none(), "{what}");
        self.replay(&published, what);
        self.check_between(&before, &ipcache_before, &published, what);
        self.check_reader(what);
        let scratch = self.inputs.engine(&mut self.random, self.engine.options().clone());
        let (ours, theirs) = (dump(&self.engine), dump(&scratch));
        let only_ours: Vec<_> = ours.difference(&theirs).collect();
        let only_theirs: Vec<_> = theirs.difference(&ours).collect();
        assert_eq!(only_ours, only_theirs, "{what}: incremental, from scratch");
    }

    /// Applies deltas to what earlier ones came to; the sum is the map.
    fn replay(&mut self, published: &Published, what: &str) {
        for deltas in &published.deltas {
            let map = self.replayed.entry(deltas.endpoint).or_default();
            let removals = deltas.deltas.iter().skip_while(|delta| !delta.is_removal());
            assert!(
                removals.into_iter().all(MapDelta::is_removal),
                "{what}: something is added after a removal"
            );
            for delta in deltas.deltas.iter() {
                assert_eq!(map.get(delta.key()), delta.before(), "{what}: {delta:?}");
                map.apply(delta);
            }
        }
        for (prefix, identity) in &published.prefixes {
            match identity {
                Some(identity) => self.ipcache.insert(*prefix, *identity),
                None => self.ipcache.remove(prefix),
            };
        }
        assert!(
            self.ipcache.iter().map(|(prefix, id)| (*prefix, *id)).eq(self.engine.prefixes()),
            "{what}"
        );
        for id in self.ids.values() {
            let map = self.engine.policy_map(*id).unwrap();
            assert_eq!(self.replayed.entry(*id).or_default(), &map, "{what}: replay of {id:?}");
        }
    }

    /// What readers see is what the policy maps say.
    fn check_reader(&self, what: &str) {
        let mut reader = self.engine.reader();
        // Its own numbers, so that the sequence of changes does not depend on this check.
        let mut random = Random(reader.revision().number());
        assert_eq!(self.ids.len(), self.inputs.endpoints.len());
        for (name, id) in &self.ids {
            let map = self.engine.policy_map(*id).unwrap();
            for (address, direction, protocol, port) in random.flows(40) {
                let peer = reader.identity(address);
                let flow = Flow { direction, peer, protocol, port };
                let side = reader.endpoint_verdict(*id, direction, peer, protocol, port);
                assert_eq!(side.verdict(), Some(&map.lookup(&flow)), "{what}: {name} {flow:?}");
            }
            for ip in self.inputs.endpoints[name].ips() {
                assert_eq!(reader.endpoint(*ip), Some(*id), "{what}: {ip}");
            }
        }
    }

    /// Changes are made one by one: first what is put, then the ipcache, then what is removed. A flow
    /// that is allowed before and after is allowed all the time; one that is denied before and
    /// after, by a peer whose identity stays, is denied all the time.
    fn check_between(
        &mut self,
        before: &BTreeMap<EndpointId, PolicyMap>,
        ipcache_before: &BTreeMap<Prefix, IdentityId>,
        published: &Published,
        what: &str,
    ) {
        for deltas in &published.deltas {
            let Some(old) = before.get(&deltas.endpoint) else { continue };
            let new = &self.replayed[&deltas.endpoint];
            for (address, direction, protocol, port) in self.random.flows(40) {
                let peer = identity(ipcache_before, address);
                let later = identity(&self.ipcache, address);
                let decision = |map: &PolicyMap, peer| {
                    map.lookup(&Flow { direction, peer, protocol, port }).decision()
                };
                let is_allowed = |map: &PolicyMap, peer| decision(map, peer).is_allowed();
                let (first, last) = (is_allowed(old, peer), is_allowed(new, later));
                // Where an address gets another identity just when rules begin to deny the old one, or cease
                // to deny the new one, no order is right: other addresses have these identities too.
                let denies = |map, peer| decision(map, peer) == Decision::Deny;
                let torn = peer != later && (denies(old, later) || denies(new, peer));
                if first != last || (peer != later && !first) || torn {
                    continue;
                }
                let mut map = old.clone();
                for delta in deltas.deltas.iter() {
                    let now = if delta.is_removal() { later } else { peer };
                    assert_eq!(
                        is_allowed(&map, now),
                        first,
                        "{what}: {address} {direction} {protocol} {port}"
                    );
                    map.apply(delta);
                }
            }
        }
    }
}

fn identity(ipcache: &BTreeMap<Prefix, IdentityId>, address: IpAddr) -> IdentityId {
    let covering = ipcache.iter().filter(|(prefix, _)| prefix.contains(address));
    covering.max_by_key(|(prefix, _)| prefix.len()).map_or(IdentityId::UNKNOWN, |(_, id)| *id)
}

/// One thing that an engine is told.
type Step<'a> = Box<dyn Fn(&mut Engine) + 'a>;

impl Inputs {
    /// Returns an engine that gets all of this at once, in a random order.
    fn engine(&self, random: &mut Random, options: Options) -> Engine {
        let mut engine = Engine::builder().options(options).build();
        let mut steps: Vec<Step<'_>> = Vec::new();
        for (name, text) in &self.documents {
            steps.push(Box::new(move |e| {
                e.apply(&Source::named(name, text)).unwrap();
            }));
        }
        for endpoint in self.endpoints.values() {
            steps.push(Box::new(move |e| {
                e.add_endpoint(endpoint.clone()).unwrap();
            }));
        }
        for (name, team) in &self.namespaces {
            steps.push(Box::new(move |e| e.set_namespace(name, [("team", &**team)]).unwrap()));
        }
        for (prefix, label) in &self.prefixes {
            steps.push(Box::new(move |e| e.upsert_ip(*prefix, [Label::parse(label)])));
        }
        for service in self.services.values() {
            steps.push(Box::new(move |e| e.insert_service(service.clone())));
        }
        for (name, addresses) in &self.names {
            steps.push(Box::new(move |e| e.learn_name(name, addresses.iter().copied()).unwrap()));
        }
        while !steps.is_empty() {
            let step = steps.swap_remove(random.below(steps.len()));
            step(&mut engine);
        }
        engine.publish();
        engine
    }
}

/// Everything that can be told of an engine without the numbers that it happened to give.
fn dump(engine: &Engine) -> BTreeSet<String> {
    let labels = |id| labels(engine, id);
    let mut lines: BTreeSet<String> =
        engine.prefixes().map(|(prefix, id)| format!("{prefix} is {}", labels(id))).collect();
    for (id, endpoint) in engine.endpoints() {
        lines.insert(format!("{endpoint} error: {:?}", engine.endpoint_error(id)));
    }
    lines.extend(maps(engine, &engine.endpoints().map(|(_, e)| e.name().to_owned()).collect()));
    lines
}

fn labels(engine: &Engine, id: IdentityId) -> String {
    engine.identity_labels(id).map_or_else(|| id.to_string(), ToString::to_string)
}

/// What some endpoints have in force.
fn maps(engine: &Engine, names: &BTreeSet<String>) -> BTreeSet<String> {
    let mut lines = BTreeSet::new();
    for (id, endpoint) in engine.endpoints().filter(|(_, e)| names.contains(e.name())) {
        for direction in Direction::BOTH {
            let enforced = engine.is_enforced(id, direction);
            lines.insert(format!("{endpoint} {direction} enforced: {enforced}"));
        }
        for (key, entry) in engine.policy_map(id).unwrap().iter() {
            let peer = match key.identity() {
                IdentityId::ANY => "*".to_owned(),
                id => labels(engine, id),
            };
            let rules = engine.rule_set(entry.rules).unwrap();
            let mut rules: Vec<String> = rules.origins().map(ToString::to_string).collect();
            rules.sort();
            let (direction, protocol, port) = (key.direction(), key.protocol(), key.port());
            let redirect = engine.redirect(entry.redirect).map(ToString::to_string);
            lines.insert(format!(
                "{endpoint} {direction} [{peer}] {protocol} {port} deny {} {redirect:?} {} by {rules:?}",
                entry.deny, entry.priority
            ));
        }
    }
    lines
}

fn options(seed: u64) -> Options {
    let mut options = Options::default();
    if seed % 2 == 1 {
        options.allow_localhost = AllowLocalhost::Policy;
    }
    options.policy_relevant_labels = seed % 3 == 2;
    options
}

/// SplitMix64, and small pieces of a world.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(n).unwrap()).unwrap()
    }

    fn byte(&mut self, n: usize) -> u8 {
        u8::try_from(self.below(n)).unwrap()
    }

    fn pick<'a>(&mut self, items: impl ExactSizeIterator<Item = &'a String>) -> Option<String> {
        let mut items = items;
        match items.len() {
            0 => None,
            len => items.nth(self.below(len)).cloned(),
        }
    }

    fn app(&mut self) -> &'static str {
        ["a", "b", "c"][self.below(3)]
    }

    fn prefix(&mut self) -> String {
        let address = format!("10.9.{}.{}", self.below(2), self.below(8));
        format!("{address}/{}", [8, 16, 24, 29, 32][self.below(5)])
    }

    fn endpoint(&mut self, name: &str, n: usize, named_ports: bool) -> Endpoint {
        let namespace = format!("ns{}", n % 2);
        let tier = ["x", "y"][self.below(2)];
        let endpoint = Endpoint::pod(&namespace, name).label("app", self.app()).label("tier", tier);
        let endpoint = endpoint.ip([10, 1, 0, u8::try_from(n).unwrap()]);
        match self.below(3) {
            0 if named_ports => endpoint.port("http", Protocol::TCP, [80, 8080][self.below(2)]),
            _ => endpoint,
        }
    }

    fn flows(&mut self, n: usize) -> Vec<(IpAddr, Direction, Protocol, u16)> {
        let flow = |_| {
            let net = [[10, 1, 0], [10, 9, 0], [10, 9, 1]][self.below(3)];
            let address = IpAddr::from([net[0], net[1], net[2], self.byte(10)]);
            let direction = Direction::BOTH[self.below(2)];
            let protocol = [Protocol::TCP, Protocol::UDP][self.below(2)];
            (address, direction, protocol, [80, 81, 443, 8080][self.below(4)])
        };
        (0..n).map(flow).collect()
    }

    fn policy(&mut self, name: &str) -> String {
        let app = self.app();
        // The same name is the same policy.
        let namespace = name.len() % 2;
        let mut lists = String::new();
        for list in ["ingress", "ingressDeny", "egress", "egressDeny"] {
            if self.below(2) == 0 {
                continue;
            }
            let elements: Vec<String> = (0..=self.below(2)).map(|_| self.element(list)).collect();
            lists += &format!("  {list}: [{}]\n", elements.join(", "));
        }
        if lists.is_empty() {
            lists += "  ingress: [{}]\n";
        }
        let soft = if self.below(5) == 0 { "  enableDefaultDeny: {ingress: false}\n" } else { "" };
        format!(
            "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\n\
             metadata: {{name: {name}, namespace: ns{namespace}}}\n\
             spec:\n  endpointSelector: {{matchLabels: {{app: {app}}}}}\n{soft}{lists}"
        )
    }

    fn element(&mut self, list: &str) -> String {
        let side = if list.starts_with("ingress") { "from" } else { "to" };
        let mut fields = vec![self.peers(side, list)];
        if self.below(3) > 0 {
            fields.push(self.ports(list));
        }
        fields.retain(|field| !field.is_empty());
        format!("{{{}}}", fields.join(", "))
    }

    fn peers(&mut self, side: &str, list: &str) -> String {
        let app = self.app();
        match self.below(10) {
            0 | 1 => format!("{side}Endpoints: [{{matchLabels: {{app: {app}}}}}]"),
            2 => format!(
                "{side}Endpoints: [{{matchExpressions: [{{key: tier, operator: NotIn, values: [x]}}]}}]"
            ),
            3 => format!(
                "{side}Endpoints: [{{matchLabels: {{\"k8s:io.cilium.k8s.namespace.labels.team\": t1}}}}]"
            ),
            4 => format!("{side}CIDR: [{}]", self.prefix()),
            5 => format!(
                "{side}CIDRSet: [{{cidr: 10.9.0.0/16, except: [10.9.{}.0/24]}}]",
                self.below(2)
            ),
            6 => format!("{side}CIDRSet: [{{cidrGroupSelector: {{matchLabels: {{role: r1}}}}}}]"),
            7 => {
                format!("{side}Entities: [{}]", ["world", "cluster", "host", "all"][self.below(4)])
            }
            8 if list == "egress" => "toFQDNs: [{matchPattern: \"*.example.com\"}]".to_owned(),
            9 if list == "egress" => {
                format!(
                    "toServices: [{{k8sService: {{serviceName: s{}, namespace: ns0}}}}]",
                    self.below(2)
                )
            }
            _ => String::new(),
        }
    }

    fn ports(&mut self, list: &str) -> String {
        let port = ["80", "81", "443", "8080", "http"][self.below(5)];
        let ports = match self.below(3) {
            0 => "[{port: \"80\", endPort: 90, protocol: TCP}]".to_owned(),
            1 => format!("[{{port: \"{port}\"}}]"),
            _ => format!("[{{port: \"{port}\", protocol: TCP}}]"),
        };
        let http = list == "ingress" && self.below(4) == 0;
        let rules = if http { ", rules: {http: [{path: /a}]}" } else { "" };
        let ports = if http { "[{port: \"80\", protocol: TCP}]" } else { &ports };
        format!("toPorts: [{{ports: {ports}{rules}}}]")
    }
}
