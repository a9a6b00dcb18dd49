/**
 * The numerics contract, {@code kernels/NUMERICS.md}, in Java: the formulas and orders of summation
 * that all backends share. Depends on no other package. Internal: the API is {@link
 * io.github.lamb4j}.
 */
package io.github.lamb4j.internal.numerics;
