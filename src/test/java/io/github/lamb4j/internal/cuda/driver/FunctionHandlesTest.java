package io.github.lamb4j.internal.cuda.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.lamb4j.internal.cuda.Kernels;
import io.github.lamb4j.internal.cuda.TestDevice;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A program that builds optimizers again and again must not accumulate handles of functions. */
@Tag("gpu")
@Tag("jcuda")
class FunctionHandlesTest {

  @Test
  void shouldDropTheFunctionsOfAnUnloadedModule() {
    try (TestDevice device = TestDevice.open()) {
      assumeTrue(device.driver() instanceof JCudaDriver, "the emulator has no such handles");
      JCudaDriver driver = (JCudaDriver) device.driver();
      int before = driver.handleCount();
      long module = driver.loadModule(Kernels.ptx());
      long apply = driver.function(module, "apply");
      assertEquals(apply, driver.function(module, "apply"));
      driver.function(module, "moments");
      assertEquals(before + 3, driver.handleCount());
      driver.unloadModule(module);
      assertEquals(before, driver.handleCount());
    }
  }
}
