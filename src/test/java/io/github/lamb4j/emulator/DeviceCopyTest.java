package io.github.lamb4j.emulator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.lamb4j.internal.cuda.driver.CudaStream;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Copies on the device, which the emulator checks for bounds, overlap and initialization. */
class DeviceCopyTest {

  private final EmulatedDriver driver = new EmulatedDriver();
  private final CudaStream stream = CudaStream.LEGACY;
  private final long source = driver.allocate(100, "source");
  private final long target = driver.allocate(100, "target");

  @AfterEach
  void free() {
    driver.free(source);
    driver.free(target);
    driver.close();
  }

  private String refusal(long to, long from, long bytes) {
    return assertThrows(EmulatorException.class, () -> driver.copyOnDevice(to, from, bytes, stream))
        .getMessage();
  }

  @Test
  void shouldCopy() {
    ByteBuffer bytes = ByteBuffer.allocateDirect(3).put(0, (byte) 5).put(2, (byte) 7);
    driver.copyToDevice(source + 10, bytes, stream);
    driver.copyOnDevice(target + 20, source + 10, 3, stream);
    ByteBuffer copied = ByteBuffer.allocateDirect(3);
    driver.copyToHost(copied, target + 20, stream);
    assertEquals(bytes, copied);
  }

  @Test
  void shouldRefuseCopiesThatHardwareAccepts() {
    driver.clear(source, 100, stream);
    assertTrue(refusal(target, source, 101).contains("out of bounds"));
    assertTrue(refusal(target + 1, source, 100).contains("out of bounds"));
    assertTrue(refusal(source + 9, source, 10).contains("overlaps itself"));
    assertTrue(refusal(source, target, 8).contains("uninitialized"));
  }
}
