//! The `overstep` command. Everything that it does is in the library.

/// Cases are many small texts that live for a moment, made on one thread and taken on another; the
/// system's allocator spends twice the time on them. The library leaves the choice to whoever links it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    overstep::cli::main().into()
}
