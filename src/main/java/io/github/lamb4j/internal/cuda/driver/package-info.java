/**
 * The CUDA driver API as the backend uses it, and its implementation on JCuda. Only this package
 * and the public types that accept JCuda objects import {@code jcuda}.
 */
package io.github.lamb4j.internal.cuda.driver;
