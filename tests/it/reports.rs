//! Reports in formats of others: they match their official schemas, stay within the limits of those who read them, and the
//! page of a run can be read in a browser.

mod formats;
mod limits;
mod page;
mod recorded;
