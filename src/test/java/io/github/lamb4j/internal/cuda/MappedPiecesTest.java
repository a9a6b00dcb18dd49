package io.github.lamb4j.internal.cuda;

import static io.github.lamb4j.Refusals.assertRefused;
import static io.github.lamb4j.internal.cuda.driver.Purpose.OTHER;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import io.github.lamb4j.DeviceParameters;
import io.github.lamb4j.Lamb;
import io.github.lamb4j.LambBuilder;
import io.github.lamb4j.LambBuilders;
import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.model.DType;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Parameters in memory that the driver reports as several ranges. */
@Tag("jcuda")
class MappedPiecesTest {

  private static final int COUNT = 3 * 512 / Float.BYTES;

  private final TestDevice device = TestDevice.open();

  @AfterEach
  void close() {
    device.close();
  }

  private LambBuilder lamb(long weights, long gradients) {
    return LambBuilders.onCuda(device.driver(), device.stream())
        .group(
            "all",
            Hyperparameters.lamb(0.1),
            DeviceParameters.of("w", weights, gradients, COUNT, DType.F32));
  }

  @Test
  void shouldStepOnAParameterMappedInPieces() {
    byte[] ones = ones();
    long whole = device.upload(ones, 0, "weights");
    long gradients = device.upload(ones, 0, "gradients");
    long pieces = device.emulator().mapPieces("pieces", 512, 512, 512);
    device.driver().copyOnDevice(pieces, whole, ones.length, device.stream());
    for (long weights : new long[] {whole, pieces}) {
      try (Lamb lamb = lamb(weights, gradients).build()) {
        lamb.step();
      }
    }
    assertArrayEquals(device.download(whole, ones.length), device.download(pieces, ones.length));
    device.driver().free(pieces);
  }

  private static byte[] ones() {
    ByteBuffer bytes = CudaLayout.buffer(COUNT * Float.BYTES);
    while (bytes.hasRemaining()) {
      bytes.putFloat(1);
    }
    byte[] result = new byte[bytes.capacity()];
    bytes.flip().get(result);
    return result;
  }

  @Test
  void shouldRefuseAGapBetweenPieces() {
    refuse(device.emulator().mapPieces("pieces", 512, -512, 512), 0);
  }

  @Test
  void shouldRefuseAnArrayThatExceedsTheReservation() {
    refuse(device.emulator().mapPieces("pieces", 512, 512, 508), 0);
    refuse(device.emulator().mapPieces("pieces", 512, 512, 512), 4);
  }

  @Test
  void shouldRefuseAnArrayThatExtendsIntoTheNextAllocation() {
    refuse(device.emulator().allocateNeighbors("blocks", 512, 512, 512), 0);
  }

  /** Memory whose first range has 512 bytes. */
  private void refuse(long memory, long offset) {
    long gradients = device.driver().allocate(COUNT * Float.BYTES, OTHER, "gradients");
    assertRefused(
        () -> lamb(memory + offset, gradients).build(),
        "parameter w: %d F32 elements of weights at 0x%x".formatted(COUNT, memory + offset),
        "exceed their allocation (512 bytes at 0x%x): pass the element count".formatted(memory));
    device.driver().free(gradients);
    device.driver().free(memory);
  }
}
