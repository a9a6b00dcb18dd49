/**
 * {@code lamb bench}: how long a step takes, of this library and of what else could take it, on the
 * tensors of real models.
 */
package io.github.lamb4j.tools.bench;
