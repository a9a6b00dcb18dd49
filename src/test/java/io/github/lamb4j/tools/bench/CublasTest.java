package io.github.lamb4j.tools.bench;

import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class CublasTest {

  @Test
  void shouldInitializeOrGiveTheReasonEveryTime() {
    for (int i = 0; i < 2; i++) {
      try (Blas blas = new Cublas()) {
        assertTrue(blas != null, "this machine has cuBLAS");
      } catch (IllegalStateException e) {
        assertTrue(e.getMessage().startsWith("cuBLAS "), e.getMessage());
      }
    }
  }
}
