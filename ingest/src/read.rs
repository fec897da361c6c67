//! Finds files under paths and reads them within limits.
