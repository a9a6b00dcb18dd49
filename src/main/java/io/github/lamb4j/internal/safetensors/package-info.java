/** Reads and writes safetensors files. */
package io.github.lamb4j.internal.safetensors;
