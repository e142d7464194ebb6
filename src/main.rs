//! The `overstep` command. Everything that it does is in the library.

/// Cases are many short-lived small strings, allocated on one thread and freed on another; the system's
/// allocator takes twice the time for them. The library leaves the choice to the program that links it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    overstep::commands::main().into()
}
