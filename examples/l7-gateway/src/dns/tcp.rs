//! DNS over TCP: each message has its length before it (RFC 1035, section 4.2.2).

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use netpol::Protocol;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use super::{Forwarder, busy};
use crate::{Route, listen};

impl Forwarder {
    /// Serves the clients of one server by TCP, for ever.
    pub(crate) async fn serve_tcp(self: Arc<Self>, listener: TcpListener, route: Route) {
        listen::serve(listener, &self.connections, |stream, client| {
            let this = Arc::clone(&self);
            async move {
                // A client that went away is nothing to tell anybody.
                let _ended = this.talk(stream, client, route).await;
            }
        })
        .await;
    }

    /// Answers the queries of one connection, one after the other.
    async fn talk(
        &self,
        mut stream: TcpStream,
        client: SocketAddr,
        route: Route,
    ) -> io::Result<()> {
        loop {
            let bytes = timeout(self.idle_timeout, read_message(&mut stream)).await??;
            let answer = match self.places.try_acquire() {
                Ok(_place) => self.answer(client, bytes, route, Protocol::TCP).await,
                Err(_) => busy(bytes), // DNSP-7
            };
            if let Some(answer) = answer {
                timeout(self.idle_timeout, write_message(&mut stream, &answer)).await??;
            }
        }
    }
}

/// Reads a message.
pub(super) async fn read_message(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; usize::from(stream.read_u16().await?)];
    stream.read_exact(&mut bytes).await?;
    Ok(bytes)
}

/// Writes a message; fails if it is too long to say its length.
pub(super) async fn write_message(stream: &mut TcpStream, message: &[u8]) -> io::Result<()> {
    let len = u16::try_from(message.len()).map_err(io::Error::other)?;
    let bytes = [&len.to_be_bytes(), message].concat();
    stream.write_all(&bytes).await
}
