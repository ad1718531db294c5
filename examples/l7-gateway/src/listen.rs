//! Connections of clients, as many at a time as there are places.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::sleep;

/// How long is waited after nothing could be taken from a socket, for there to be room again.
pub(crate) const PAUSE: Duration = Duration::from_millis(100);

/// Takes connections for ever; each keeps its place until `talk` is done with it.
pub(crate) async fn serve<T>(
    listener: TcpListener,
    places: &Arc<Semaphore>,
    talk: impl Fn(TcpStream, SocketAddr) -> T,
) where
    T: Future<Output = ()> + Send + 'static,
{
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let Ok((stream, client)) = listener.accept().await else {
            sleep(PAUSE).await;
            continue;
        };
        let Ok(place) = Arc::clone(places).acquire_owned().await else { return };
        let talk = talk(stream, client);
        connections.spawn(async move {
            talk.await;
            drop(place);
        });
    }
}
