package io.github.lamb4j.internal.cuda;

import io.github.lamb4j.internal.cuda.driver.CudaDriver;
import io.github.lamb4j.internal.cuda.driver.CudaStream;
import io.github.lamb4j.internal.cuda.driver.Purpose;
import io.github.lamb4j.internal.numerics.Rates;
import java.nio.ByteBuffer;

/** The learning rates that the device keeps for one group: step modulo {@link Rates#KEPT}. */
final class RateTable {

  private final CudaDriver driver;
  private final CudaStream stream;
  private final long address;

  RateTable(CudaDriver driver, CudaStream stream, DeviceArrays arrays, String group) {
    this.driver = driver;
    this.stream = stream;
    address = arrays.allocateZeros((long) Rates.KEPT * Double.BYTES, Purpose.LEARNING_RATES, group);
  }

  long address() {
    return address;
  }

  /** Stores the rates of consecutive steps, and waits. */
  void put(long firstStep, double[] rates) {
    for (int i = 0; i < rates.length; ) {
      int slot = (int) ((firstStep + i) % Rates.KEPT);
      int run = Math.min(rates.length - i, Rates.KEPT - slot);
      ByteBuffer piece = CudaLayout.buffer((long) run * Double.BYTES);
      for (int k = 0; k < run; k++) {
        piece.putDouble(rates[i + k]);
      }
      driver.copyToDevice(address + (long) slot * Double.BYTES, piece.flip(), stream);
      i += run;
    }
  }
}
