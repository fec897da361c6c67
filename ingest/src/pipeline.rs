//! Runs the stages for one document.
