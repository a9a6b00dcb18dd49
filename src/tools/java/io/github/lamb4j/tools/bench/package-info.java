/**
 * {@code lamb bench}: times a step of this library and of its alternatives on the tensors of real
 * models.
 */
package io.github.lamb4j.tools.bench;
