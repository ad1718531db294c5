//! Builds and links what the feature `dpdk` needs.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    #[cfg(feature = "dpdk")]
    dpdk()?;
    Ok(())
}

#[cfg(feature = "dpdk")]
fn dpdk() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed=dpdk/shim.c");
    let library = pkg_config::Config::new().cargo_metadata(false).probe("libdpdk")?;
    cc::Build::new()
        .file("dpdk/shim.c")
        .includes(&library.include_paths)
        // What the inline functions of DPDK's headers ask for.
        .flag("-include")
        .flag("rte_config.h")
        .flag("-march=native")
        .try_compile("netpol_bench_dpdk")?;
    for name in ["rte_acl", "rte_fib", "rte_lpm", "rte_eal"] {
        println!("cargo::rustc-link-lib={name}");
    }
    Ok(())
}
