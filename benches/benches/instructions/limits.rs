//! The instructions that 1,024 calls took when these lines were last changed. More than the margin above
//! fails the check; who makes something faster, or slower for a reason, writes the new number here.

/// How much more is let pass: hashes are keyed anew in every run.
pub(crate) const MARGIN_PERCENT: u64 = 4;

pub(crate) const LPM_V4: u64 = 123_207;
pub(crate) const LPM_V4_BATCH: u64 = 83_101;
pub(crate) const LPM_V6: u64 = 156_271;
pub(crate) const LPM_V6_BATCH: u64 = 112_335;
pub(crate) const PARSE: u64 = 225_332;
pub(crate) const CONNTRACK_HIT: u64 = 437_593;
pub(crate) const CONNTRACK_MISS: u64 = 379_969;
pub(crate) const CONNTRACK_INSERT: u64 = 858_717;
pub(crate) const CONNTRACK_RENEW: u64 = 561_104;
pub(crate) const POLICY_MAP: u64 = 6_561_801;
pub(crate) const READER: u64 = 2_205_586;
