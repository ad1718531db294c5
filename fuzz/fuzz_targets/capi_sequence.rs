//! Random calls of the C ABI, with all misuse that the header allows: NULL, wrong sizes and numbers, texts that are
//! no text, empty batches, readers that outlive their engine. No call may crash, leak, or let a packet pass that it
//! has no verdict on.
#![no_main]

use std::ptr;

use libfuzzer_sys::arbitrary::{Result, Unstructured};
use libfuzzer_sys::fuzz_target;
use netpol_capi::*;

const POLICY: &str = "
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: p, namespace: default}
spec:
  endpointSelector: {matchLabels: {tier: a}}
  ingress:
    - fromEndpoints: [{matchLabels: {tier: b}}]
      toPorts:
        - ports: [{port: '80', protocol: TCP}]
          rules: {http: [{method: GET, path: /a.*}]}
  egress:
    - toFQDNs: [{matchPattern: '*.example.com'}]
    - toPorts:
        - ports: [{port: '53', protocol: UDP}]
          rules: {dns: [{matchPattern: '*'}]}
";

/// Calls a function of the ABI.
macro_rules! call {
    ($call:expr) => {{
        // SAFETY: pointers are NULL, or point to values that live; objects are not freed, or forgotten when they are;
        // lengths are those of the slices.
        unsafe { $call }
    }};
}

fuzz_target!(|bytes: &[u8]| {
    let mut program = Program { engine: ptr::null_mut(), readers: Vec::new() };
    let mut input = Unstructured::new(bytes);
    // Whatever is left when the input ends is freed.
    while !input.is_empty() && program.step(&mut input).is_ok() {}
    program.end();
});

struct Program {
    // Objects, or NULL.
    engine: *mut netpol_engine,
    readers: Vec<*mut netpol_reader>,
}

impl Program {
    fn step(&mut self, input: &mut Unstructured<'_>) -> Result<()> {
        match input.int_in_range(0..=15_u8)? {
            0 => self.renew(input)?,
            1..=3 => self.documents(input)?,
            4 | 5 => self.endpoints(input)?,
            6 => self.addresses(input)?,
            7 => self.names(input)?,
            8 | 9 => {
                _ = call!(netpol_engine_publish(
                    self.engine,
                    ptr::null(),
                    ptr::null_mut(),
                    ptr::null_mut()
                ))
            }
            10 => self.new_reader(),
            11 | 12 => self.verdicts(input)?,
            13 => self.frames(input)?,
            14 => self.requests(input)?,
            _ => self.texts(input)?,
        }
        Ok(())
    }

    /// Frees the engine, which readers may outlive, and makes another one or none.
    fn renew(&mut self, input: &mut Unstructured<'_>) -> Result<()> {
        call!(netpol_engine_free(self.engine));
        self.engine = ptr::null_mut();
        let mut settings = default_settings();
        settings.enforcement = input.int_in_range(0..=4)?;
        settings.max_policies = input.int_in_range(0..=100)?;
        if input.ratio(1, 8)? {
            settings.size = input.arbitrary()?;
        }
        let given = if input.arbitrary()? { &raw const settings } else { ptr::null() };
        let mut error = ptr::null_mut();
        let status = call!(netpol_engine_new(given, &raw mut self.engine, &raw mut error));
        assert_eq!(status == NETPOL_OK, !self.engine.is_null());
        assert_eq!(status == NETPOL_OK, error.is_null());
        call!(netpol_error_free(error));
        Ok(())
    }

    fn documents(&mut self, input: &mut Unstructured<'_>) -> Result<()> {
        let own: Vec<u8> = input.arbitrary()?;
        let document = if input.arbitrary()? { POLICY.as_bytes() } else { &own };
        let (mut report, mut error) = (ptr::null_mut(), ptr::null_mut());
        let work = if input.ratio(3, 4)? { netpol_engine_apply } else { netpol_engine_delete };
        let name = text(if input.arbitrary()? { b"file.yaml" } else { &own });
        call!(work(self.engine, name, text(document), &raw mut report, &raw mut error));
        for index in 0..=call!(netpol_report_len(report)).min(5) {
            // SAFETY: all fields are numbers and pointers that may be NULL.
            let mut problem = unsafe { std::mem::zeroed() };
            call!(netpol_report_problem(report, index, &raw mut problem, ptr::null_mut()));
        }
        call!(netpol_text_free(netpol_report_text(report)));
        call!(netpol_report_free(report));
        call!(netpol_error_free(error));
        Ok(())
    }

    fn endpoints(&mut self, input: &mut Unstructured<'_>) -> Result<()> {
        let label = netpol_label {
            key: text(b"tier"),
            value: text(if input.arbitrary()? { b"a" } else { b"b" }),
        };
        let addresses = [address(input)?];
        let own: Vec<u8> = input.arbitrary()?;
        let endpoint = netpol_endpoint {
            size: if input.ratio(1, 16)? {
                input.arbitrary()?
            } else {
                size_of::<netpol_endpoint>()
            },
            name: text(if input.arbitrary()? { b"pod" } else { &own }),
            k8s_namespace: text(b"default"),
            service_account: text(b""),
            cluster: netpol_str { data: ptr::null(), len: input.int_in_range(0..=1)? },
            labels: &raw const label,
            n_labels: input.int_in_range(0..=1)?,
            addresses: addresses.as_ptr(),
            n_addresses: input.int_in_range(0..=1)?,
            ports: ptr::null(),
            n_ports: input.int_in_range(0..=1)?,
            kind: input.int_in_range(0..=9)?,
            api_server: 0,
        };
        let number = input.int_in_range(0..=3)?;
        match input.int_in_range(0..=3_u8)? {
            0 => call!(netpol_engine_remove_endpoint(self.engine, number, ptr::null_mut())),
            1 => call!(netpol_engine_update_endpoint(
                self.engine,
                number,
                &endpoint,
                ptr::null_mut()
            )),
            _ => call!(netpol_engine_add_endpoint(
                self.engine,
                &endpoint,
                ptr::null_mut(),
                ptr::null_mut()
            )),
        };
        Ok(())
    }

    fn addresses(&mut self, input: &mut Unstructured<'_>) -> Result<()> {
        let (address, len) = (address(input)?, input.int_in_range(0..=140)?);
        let own: Vec<u8> = input.arbitrary()?;
        let labels = [text(b"k8s:tier=b"), text(&own)];
        let count = input.int_in_range(0..=2)?;
        match input.arbitrary()? {
            true => call!(netpol_engine_upsert_ip(
                self.engine,
                &address,
                len,
                labels.as_ptr(),
                count,
                ptr::null_mut()
            )),
            false => call!(netpol_engine_remove_ip(self.engine, &address, len, ptr::null_mut())),
        };
        Ok(())
    }

    fn names(&mut self, input: &mut Unstructured<'_>) -> Result<()> {
        let own: Vec<u8> = input.arbitrary()?;
        let (endpoint, now) = (input.int_in_range(0..=3)?, input.int_in_range(0..=1000)?);
        let addresses = [address(input)?];
        let name = text(if input.arbitrary()? { b"www.example.com" } else { &own });
        let (engine, no) = (self.engine, ptr::null_mut());
        match input.int_in_range(0..=4_u8)? {
            0 => call!(netpol_engine_learn_message(
                engine,
                endpoint,
                own.as_ptr(),
                own.len(),
                now,
                ptr::null_mut(),
                no
            )),
            1 => call!(netpol_engine_expire_names(engine, now, no)),
            2 => call!(netpol_engine_flush_names(engine, name, now, no)),
            3 => call!(netpol_engine_learn_name(engine, name, addresses.as_ptr(), 1, no)),
            _ => call!(netpol_engine_learn(
                engine,
                endpoint,
                name,
                addresses.as_ptr(),
                1,
                60,
                now,
                no
            )),
        };
        Ok(())
    }

    fn new_reader(&mut self) {
        let mut reader = ptr::null_mut();
        call!(netpol_reader_new(self.engine, &raw mut reader, ptr::null_mut()));
        self.readers.push(reader);
        if self.readers.len() > 4 {
            call!(netpol_reader_free(self.readers.remove(0)));
        }
    }

    /// Returns a reader, or NULL.
    fn reader(&self, input: &mut Unstructured<'_>) -> Result<*mut netpol_reader> {
        let index = input.int_in_range(0..=4)?;
        Ok(self.readers.get(index).copied().unwrap_or(ptr::null_mut()))
    }

    fn verdicts(&mut self, input: &mut Unstructured<'_>) -> Result<()> {
        let reader = self.reader(input)?;
        let packets: Vec<netpol_packet> =
            (0..input.int_in_range(0..=70)?).map(|_| packet(input)).collect::<Result<_>>()?;
        let mut verdicts =
            vec![
                netpol_verdict { summary: NETPOL_SUMMARY_ALLOW, ..Default::default() };
                packets.len()
            ];
        let first = if input.ratio(1, 16)? { ptr::null() } else { packets.as_ptr() };
        let status =
            call!(netpol_reader_verdict_batch(reader, first, verdicts.as_mut_ptr(), packets.len()));
        if reader.is_null() || (first.is_null() && !packets.is_empty()) {
            assert_eq!(status, NETPOL_NULL);
            assert!(verdicts.iter().all(|verdict| verdict.summary == NETPOL_SUMMARY_DENY));
            return Ok(());
        }
        for (packet, verdict) in packets.iter().zip(&verdicts) {
            let mut one = netpol_verdict { summary: NETPOL_SUMMARY_ALLOW, ..Default::default() };
            let status = call!(netpol_reader_verdict(reader, packet, &raw mut one));
            assert_eq!(one, *verdict, "alone as in a batch");
            assert!(status == NETPOL_OK || one.summary == NETPOL_SUMMARY_DENY);
        }
        Ok(())
    }

    fn frames(&mut self, input: &mut Unstructured<'_>) -> Result<()> {
        let reader = self.reader(input)?;
        let bytes: Vec<u8> = input.arbitrary()?;
        let frames = [
            netpol_bytes { data: bytes.as_ptr(), len: bytes.len() },
            netpol_bytes { data: ptr::null(), len: 1 },
        ];
        let count = input.int_in_range(0..=2)?;
        let allow = netpol_frame_verdict { allowed: 1, ..Default::default() };
        let mut verdicts = [allow; 2];
        let (one, many): (
            unsafe extern "C" fn(_, _, _, _) -> _,
            unsafe extern "C" fn(_, _, _, _) -> _,
        ) = match input.arbitrary()? {
            true => (netpol_reader_frame_verdict, netpol_reader_frame_verdict_batch),
            false => (netpol_reader_ip_verdict, netpol_reader_ip_verdict_batch),
        };
        let mut alone = allow;
        let status = call!(one(reader, bytes.as_ptr(), bytes.len(), &raw mut alone));
        assert!(status == NETPOL_OK || alone.allowed == 0);
        let status = call!(many(reader, frames.as_ptr(), verdicts.as_mut_ptr(), count));
        assert!(count < 2 || (status == NETPOL_NULL && verdicts[1].allowed == 0));
        assert!(count == 0 || verdicts[0] == alone);
        Ok(())
    }

    fn requests(&mut self, input: &mut Unstructured<'_>) -> Result<()> {
        let reader = self.reader(input)?;
        let own: Vec<u8> = input.arbitrary()?;
        let side = netpol_side {
            endpoint: input.int_in_range(0..=3)?,
            peer: input.int_in_range(0..=300)?,
            proxy: input.int_in_range(0..=3)?,
            port: if input.arbitrary()? { 80 } else { 53 },
            protocol: if input.arbitrary()? { 6 } else { 17 },
            direction: input.int_in_range(0..=2)?,
            decision: input.int_in_range(0..=7)?,
            ..Default::default()
        };
        let header = netpol_header { name: text(b"host"), value: text(&own) };
        let request = netpol_http_request {
            size: if input.ratio(1, 16)? { 3 } else { size_of::<netpol_http_request>() },
            method: text(b"GET"),
            path: text(&own),
            host: text(b"www.example.com"),
            headers: &raw const header,
            n_headers: 1,
        };
        let (mut allowed, mut rule) = (true, ptr::null_mut());
        let (out, its, no) = (&raw mut allowed, &raw mut rule, ptr::null_mut());
        let status = match input.int_in_range(0..=2_u8)? {
            0 => call!(netpol_reader_http(reader, &side, ptr::null(), &request, out, its, no)),
            1 => call!(netpol_reader_dns(reader, &side, text(&own), out, its, no)),
            _ => call!(netpol_reader_sni(reader, &side, ptr::null(), text(&own), out, its, no)),
        };
        assert!(status == NETPOL_OK || rule.is_null());
        assert!(status == NETPOL_OK || !allowed, "what fails is denied");
        call!(netpol_text_free(rule));
        Ok(())
    }

    fn texts(&mut self, input: &mut Unstructured<'_>) -> Result<()> {
        let (packet, format) = (packet(input)?, input.int_in_range(0..=2)?);
        let (engine, no) = (self.engine, ptr::null_mut());
        let mut text = ptr::null_mut();
        match input.int_in_range(0..=2_u8)? {
            0 => call!(netpol_engine_explain(engine, &packet, format, &raw mut text, no)),
            1 => call!(netpol_engine_policy_map(
                engine,
                input.int_in_range(0..=3)?,
                format,
                &raw mut text,
                no
            )),
            _ => call!(netpol_engine_proxy(engine, input.int_in_range(0..=3)?, &raw mut text, no)),
        };
        call!(netpol_text_str(text));
        call!(netpol_text_free(text));
        Ok(())
    }

    fn end(self) {
        call!(netpol_engine_free(self.engine));
        self.readers.into_iter().for_each(|reader| call!(netpol_reader_free(reader)));
    }
}

fn default_settings() -> netpol_settings {
    // SAFETY: all fields are numbers and pointers that may be NULL.
    let mut settings: netpol_settings = unsafe { std::mem::zeroed() };
    let size = size_of::<netpol_settings>();
    assert_eq!(call!(netpol_settings_default(&raw mut settings, size, ptr::null_mut())), NETPOL_OK);
    settings
}

fn text(bytes: &[u8]) -> netpol_str {
    netpol_str { data: bytes.as_ptr().cast(), len: bytes.len() }
}

/// Returns one of few addresses, or nonsense.
fn address(input: &mut Unstructured<'_>) -> Result<netpol_address> {
    let mut address = netpol_address { family: input.int_in_range(0..=6)?, ..Default::default() };
    if address.family == 0 {
        address.family = NETPOL_IPV4;
    }
    address.bytes[0] = 10;
    address.bytes[3] = input.int_in_range(0..=7)?;
    Ok(address)
}

fn packet(input: &mut Unstructured<'_>) -> Result<netpol_packet> {
    Ok(netpol_packet {
        size: if input.ratio(1, 16)? {
            input.arbitrary()?
        } else {
            size_of::<netpol_packet>() as u16
        },
        port: if input.arbitrary()? { 80 } else { input.arbitrary()? },
        protocol: if input.arbitrary()? { 6 } else { input.arbitrary()? },
        icmp_code: input.int_in_range(0..=4)?,
        reserved: 0,
        src: address(input)?,
        dst: address(input)?,
    })
}
