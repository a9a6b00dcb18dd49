/** Shared by everything that writes files or prints names: atomic writes and printable text. */
package io.github.lamb4j.internal.files;
