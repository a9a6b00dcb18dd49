package io.github.lamb4j.internal.cuda.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class CudaProbeTest {

  private static final String NO_DRIVER = "no NVIDIA driver (libcuda.so.1) is installed";
  private static final String PLATFORM =
      "JCuda's native library cannot be loaded on this platform: ";

  private static String reason(Throwable error) {
    return CudaProbe.linkageReason(error);
  }

  @Test
  void shouldNameTheMissingDriver() {
    String message = "libJCudaDriver.so: libcuda.so.1: cannot open shared object file";
    assertEquals(NO_DRIVER, reason(new UnsatisfiedLinkError(message)));
    assertEquals(NO_DRIVER, reason(new UnsatisfiedLinkError("nvcuda.dll: not found")));
  }

  @Test
  void shouldFindTheReasonWhenAClassFailedToInitializeBefore() {
    Throwable error =
        new NoClassDefFoundError("Could not initialize class jcuda.driver.JCudaDriver");
    error.initCause(
        new ExceptionInInitializerError(
            "Exception java.lang.UnsatisfiedLinkError: libcuda.so.1: cannot open"));
    assertEquals(NO_DRIVER, reason(error));
  }

  @Test
  void shouldGiveTheReasonOfTheInnermostCause() {
    Throwable unsupported = new UnsatisfiedLinkError("Unsupported platform: mac, aarch64\nStack");
    assertEquals(
        PLATFORM + "Unsupported platform: mac, aarch64",
        reason(new ExceptionInInitializerError(unsupported)));
  }

  /** The beginning of the message of jcuda.LibUtils. */
  @Test
  void shouldNameTheMissingNatives() {
    String message =
        """
        Error while loading native library "JCudaDriver-12.6.0-linux-x86_64"
        Operating system name: Linux
        java.io.IOException: No resource found with name '/lib/libJCudaDriver-12.6.0-linux-x86_64.so'
        """;
    assertEquals(
        "JCuda's native libraries are missing; add the dependency org.jcuda:jcuda-natives:12.6.0:linux-x86_64",
        reason(new UnsatisfiedLinkError(message)));
    assertEquals(
        "JCuda's native libraries are missing; add the dependency org.jcuda:jcuda-natives:12.6.0:windows-x86_64",
        reason(
            new UnsatisfiedLinkError(
                "No resource found with name '/lib/JCudaDriver-12.6.0-windows-x86_64.dll'")));
  }

  @Test
  void shouldNameTheErrorWhenThereIsNoMessage() {
    assertEquals(PLATFORM + "java.lang.UnsatisfiedLinkError", reason(new UnsatisfiedLinkError()));
  }
}
