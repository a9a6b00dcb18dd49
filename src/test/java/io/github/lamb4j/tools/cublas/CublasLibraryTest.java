package io.github.lamb4j.tools.cublas;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class CublasLibraryTest {

  @Test
  void shouldNameTheFileAndThePackageThatAreMissing() {
    Throwable missing =
        new UnsatisfiedLinkError(
            "Error while loading native library \"JCublas2-12.6.0-linux-x86_64\"\n"
                + "libcublasLt.so.12: cannot open shared object file: No such file or directory");
    String expected =
        "cuBLAS (libcublasLt.so.12) is not installed; install the cuBLAS of CUDA 12, on Debian and"
            + " Ubuntu the package libcublas-12-6";
    assertEquals(expected, CublasLibrary.linkageReason(missing));
    // The second use of the class.
    Throwable again = new NoClassDefFoundError("Could not initialize class JCublas2");
    again.initCause(missing);
    assertEquals(expected, CublasLibrary.linkageReason(again));
  }

  @Test
  void shouldGiveOtherReasonsInOneLine() {
    Throwable other = new UnsatisfiedLinkError("wrong ELF class\nmore");
    assertEquals("cuBLAS cannot be loaded: wrong ELF class", CublasLibrary.linkageReason(other));
  }
}
