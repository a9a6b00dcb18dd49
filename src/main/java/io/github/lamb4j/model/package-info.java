/**
 * The trained model as the optimizer sees it: named {@linkplain io.github.lamb4j.model.Parameter
 * parameters} in host or device memory, the {@linkplain io.github.lamb4j.model.ParameterGroup
 * groups} they form, and {@linkplain io.github.lamb4j.model.Scalar scalars} that a step reads. The
 * program owns all of this memory; the optimizer uses it in place.
 */
package io.github.lamb4j.model;
