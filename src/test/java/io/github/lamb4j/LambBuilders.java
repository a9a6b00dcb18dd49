package io.github.lamb4j;

import io.github.lamb4j.cuda.CudaDriver;
import jcuda.driver.CUstream;

/** Optimizers on a driver of the test's choice: the emulator, or a GPU's own. */
public final class LambBuilders {

  private LambBuilders() {}

  /** For device parameters. */
  public static LambBuilder onCuda(CudaDriver driver, CUstream stream) {
    return LambBuilder.cuda(driver, stream);
  }

  /** For host parameters, which the optimizer copies to the device and back. */
  public static LambBuilder mirrored(CudaDriver driver) {
    return LambBuilder.mirrored(driver);
  }
}
