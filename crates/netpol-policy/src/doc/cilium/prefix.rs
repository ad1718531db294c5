//! Prefixes as documents write them, with advice where they are wrong.

use std::net::IpAddr;

use netpol_core::{IpFamily, Prefix};

use super::super::codes;
use super::super::decode::{Context, Path};
use super::super::node::Node;

/// A prefix, and the address that it was written with, host bits included.
#[derive(Clone, Copy, Debug)]
pub(in crate::doc) struct Written {
    pub(in crate::doc) prefix: Prefix,
    pub(in crate::doc) addr: IpAddr,
}

/// Decodes a prefix with a length (CIDRV-1, CIDRV-4, CIDRV-7).
pub(in crate::doc) fn prefix(
    cx: &mut Context<'_>,
    node: &Node,
    path: &Path<'_>,
) -> Option<Written> {
    let text = cx.string(node, path)?;
    let Some(written) = parse(text) else {
        let message = format!("`{text}` is no prefix");
        cx.error_help(codes::INVALID_CIDR, node.span, path, message, advice(text));
        return None;
    };
    if let IpAddr::V6(addr) = written.addr
        && addr.to_ipv4_mapped().is_some()
    {
        // CIDRV-7
        let message = format!("`{text}` selects nothing: no packet has an IPv4-mapped address");
        let help = "write the IPv4 prefix itself";
        cx.warning(codes::MATCHES_NOTHING, node.span, path, message, help);
    }
    Some(written)
}

/// Returns the prefix that a text is, if it has a length.
pub(in crate::doc) fn parse(text: &str) -> Option<Written> {
    let (addr, _) = text.split_once('/')?;
    Some(Written { prefix: text.parse().ok()?, addr: addr.parse().ok()? })
}

/// Returns what to write instead of a text that is no prefix.
fn advice(text: &str) -> String {
    let (addr, len) = match text.split_once('/') {
        Some((addr, len)) => (addr, Some(len)),
        None => (text, None),
    };
    match (addr.parse::<IpAddr>(), len) {
        (Ok(addr), None) => format!("add the length: {}", Prefix::host(addr)),
        (Ok(addr), Some(len)) => advice_on_length(addr, len),
        (Err(_), _) => advice_on_address(addr, len),
    }
}

fn advice_on_length(addr: IpAddr, len: &str) -> String {
    let family = IpFamily::of(&addr);
    let plain = len.trim_start_matches('0');
    match plain.parse::<u8>() {
        Ok(number) if plain.len() < len.len() && number <= family.bits() => {
            format!("write {addr}/{number}: numbers have no leading zeros")
        }
        _ => format!("the length is a number from 0 to {}", family.bits()),
    }
}

fn advice_on_address(addr: &str, len: Option<&str>) -> String {
    const GENERAL: &str = "write an address and a length, such as 10.0.0.0/8 or 2001:db8::/32";
    let numbers: Option<Vec<u8>> = addr.split('.').map(octet).collect();
    let Some(numbers) = numbers else {
        return GENERAL.to_owned();
    };
    let n_bits = 8 * numbers.len();
    let texts: Vec<String> = numbers.iter().map(u8::to_string).collect();
    let known = texts.join(".");
    let len = len.unwrap_or("32");
    match numbers.len() {
        4 => format!("write {known}/{len}: numbers have no leading zeros"),
        n @ 1..=3 => {
            let zeros = ".0".repeat(4 - n);
            let rest = ".x".repeat(4 - n);
            format!(
                "an IPv4 address needs four numbers: {known}{zeros}/{n_bits} or {known}{rest}/{len}"
            )
        }
        _ => GENERAL.to_owned(),
    }
}

/// Returns one number of an IPv4 address, with leading zeros or without.
fn octet(text: &str) -> Option<u8> {
    let plain = text.bytes().all(|c| c.is_ascii_digit());
    if plain { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advice_says_what_to_write_instead() {
        let cases = [
            ("10.0.0.1", "add the length: 10.0.0.1/32"),
            ("2001:DB8::1", "add the length: 2001:db8::1/128"),
            (
                "172.224.3/32",
                "an IPv4 address needs four numbers: 172.224.3.0/24 or 172.224.3.x/32",
            ),
            ("10/8", "an IPv4 address needs four numbers: 10.0.0.0/8 or 10.x.x.x/8"),
            ("10.0.0.0/33", "the length is a number from 0 to 32"),
            ("2001:db8::/129", "the length is a number from 0 to 128"),
            ("10.0.0.0/-1", "the length is a number from 0 to 32"),
            ("10.0.0.0/", "the length is a number from 0 to 32"),
            ("10.0.0.0/08", "write 10.0.0.0/8: numbers have no leading zeros"),
            ("010.0.0.0/8", "write 10.0.0.0/8: numbers have no leading zeros"),
            ("", "write an address and a length, such as 10.0.0.0/8 or 2001:db8::/32"),
            (
                "fe80::1%eth0/64",
                "write an address and a length, such as 10.0.0.0/8 or 2001:db8::/32",
            ),
        ];
        for (text, wanted) in cases {
            assert_eq!(advice(text), wanted, "{text}");
            assert!(parse(text).is_none(), "{text}");
        }
    }
}
