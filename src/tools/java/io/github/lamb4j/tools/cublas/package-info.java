/** Opens cuBLAS for the benchmark and the training example. */
package io.github.lamb4j.tools.cublas;
