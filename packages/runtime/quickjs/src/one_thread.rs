//! Statics of a guest, which has one thread.

/// A static's content that needs no lock.
pub struct OneThread<T>(pub T);

// SAFETY: a guest has one thread: no interrupt, no signal handler, no second processor (ABI section
// 4.4), and spt's filter knows no call that could make a thread (ABI section 5.4).
unsafe impl<T> Sync for OneThread<T> {}
