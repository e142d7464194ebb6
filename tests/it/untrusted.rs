//! Texts of strangers, from servers and documents: every output shows them, none obeys them, and no file that is named
//! after one leaves its folder.

mod exports;
mod names;
mod outputs;
mod shells;
