//! The gateway as a program: the system's clock, a log on the terminal.

#![forbid(unsafe_code)]

use std::process::ExitCode;
use std::sync::Arc;
use std::time::SystemTime;

use clap::Parser;
use l7_gateway::{Config, Gateway, GatewayError, Terminal};

fn main() -> ExitCode {
    let config = Config::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let result = match runtime {
        Ok(runtime) => runtime.block_on(run(config)),
        Err(error) => Err(GatewayError::runtime(error)),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(config: Config) -> Result<(), GatewayError> {
    let clock = Arc::new(|| SystemTime::now().into());
    let gateway = Gateway::start(config, clock, Arc::new(Terminal)).await?;
    gateway.run().await;
    Ok(())
}
