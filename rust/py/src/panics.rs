//! Panics of our threads: kept quiet on the terminal, and their place in the source remembered for the
//! error message.

use std::any::Any;
use std::panic::{self, PanicHookInfo};
use std::sync::{Mutex, PoisonError};

/// Name of every thread that works for us.
pub(crate) const THREAD_NAME: &str = "waveguard";

/// Most places remembered for panics whose payload never arrives.
const MAX_PLACES: usize = 64;

/// Message and place of panics that were not yet turned into an error.
static PLACES: Mutex<Vec<(String, String)>> = Mutex::new(Vec::new());

/// Installs the hook, once per process. Panics of other threads go to the hook that was there before.
pub(crate) fn install() {
    let before = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if std::thread::current().name() == Some(THREAD_NAME) {
            remember(info);
        } else {
            before(info);
        }
    }));
}

fn remember(info: &PanicHookInfo<'_>) {
    let Some(place) = info.location() else { return };
    let mut places = PLACES.lock().unwrap_or_else(PoisonError::into_inner);
    if places.len() == MAX_PLACES {
        places.remove(0);
    }
    places.push((message(info.payload()).to_owned(), place.to_string()));
}

/// The text of a panic.
pub(crate) fn message(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("a panic without a message")
}

/// The message with the place where it was raised, when that is known.
pub(crate) fn with_place(message: &str) -> String {
    let mut places = PLACES.lock().unwrap_or_else(PoisonError::into_inner);
    match places.iter().position(|(m, _)| m == message) {
        Some(i) => format!("{message} ({})", places.remove(i).1),
        None => message.to_owned(),
    }
}
