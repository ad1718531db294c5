//! Any bytes are an answer, nothing or an error; what is learnt from them stays within bounds.
#![no_main]

use libfuzzer_sys::fuzz_target;
use netpol_policy::fqdn::{DnsAnswer, FqdnConfig, NameManager, Timestamp};

const MAX_ADDRESSES: usize = 8;

fuzz_target!(|bytes: &[u8]| {
    let Ok(Some(answer)) = DnsAnswer::from_message(bytes) else { return };
    let mut config = FqdnConfig::default();
    config.max_addresses_per_name = MAX_ADDRESSES;
    let mut manager = NameManager::new(config);
    manager.learn(1, &answer, Timestamp::ZERO);
    assert!(manager.stats().names <= 1);
    assert!(manager.stats().addresses <= MAX_ADDRESSES);
    manager.remove_endpoint(1);
    manager.expire(Timestamp::from_unix_secs(1));
    assert_eq!(manager.stats().names, 0);
});
