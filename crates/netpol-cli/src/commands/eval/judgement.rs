//! What the sides of a connection say about a request on it.

use netpol::{Engine, L7Handle, PacketVerdict, Reader, Redirect, Side};

use crate::failure::Failure;
use crate::reach::is_open;
use crate::request::{Decided, Request};

/// What a side that redirects the connection says about a request on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Judgement {
    /// The L7 rules decided.
    Decided(Decided),
    /// It is for a custom listener to decide (LSN-4).
    Listener,
}

impl Judgement {
    /// Tells whether the request is denied.
    pub(super) fn is_denied(&self) -> bool {
        matches!(self, Self::Decided(decided) if !decided.verdict.is_allowed())
    }

    /// Returns what both sides say, egress first; `None` for a side that lets no proxy look at it,
    /// and for both if the connection is denied.
    ///
    /// # Errors
    ///
    /// Fails if a proxy on the way is for requests of another kind.
    pub(super) fn of_sides(
        engine: &Engine,
        reader: &mut Reader,
        verdict: &PacketVerdict,
        request: Option<Request<'_>>,
    ) -> Result<[Option<Self>; 2], Failure> {
        let sides = [&verdict.egress, &verdict.ingress];
        let Some(request) = request.filter(|_| sides.iter().all(|side| is_open(side))) else {
            return Ok([None, None]);
        };
        let mut ask = |side: &Side| {
            side.redirect().map(|handle| Self::of_redirect(engine, reader, &handle, request))
        };
        let [egress, ingress] = sides.map(&mut ask);
        Ok([egress.transpose()?, ingress.transpose()?])
    }

    fn of_redirect(
        engine: &Engine,
        reader: &mut Reader,
        handle: &L7Handle,
        request: Request<'_>,
    ) -> Result<Self, Failure> {
        match engine.redirect(handle.proxy()) {
            Some(Redirect::Listener(_)) => Ok(Self::Listener),
            Some(proxy) if !request.fits(proxy) => Err(misfit(request, proxy)),
            _ => Ok(Self::Decided(request.ask(reader, handle))),
        }
    }
}

fn misfit(request: Request<'_>, proxy: &Redirect) -> Failure {
    let help = match proxy {
        Redirect::Dns => "ask about a query with `--dns NAME`",
        _ => "ask about a request with `--http`, or about a server name with `--sni`",
    };
    let message =
        format!("the connection goes through the {proxy} proxy, which does not expect `{request}`");
    Failure::new(message, help)
}
