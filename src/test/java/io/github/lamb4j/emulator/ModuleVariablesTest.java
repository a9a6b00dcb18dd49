package io.github.lamb4j.emulator;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Variables whose initial contents are addresses, as the compiler writes them. */
class ModuleVariablesTest {

  private static final String OTHER =
      """

      .visible .entry other(.param .u64 out) {
      .reg .b64 %d<2>;
      ld.param.u64 %d0, [out];
      st.global.u32 [%d0], 7;
      ret;
      }
      """;

  @Test
  void shouldStoreAddressesOfVariables() {
    byte[] ptx =
        Ptx.module(
            """
            .global .align 8 .u64 later = generic(data)+8;
            .global .align 4 .u32 data[4] = {10, 11, 12, 13};
            .global .align 8 .u64 fields[3] = {5, generic(data)+4, data};
            .const .align 8 .u64 second = generic(fields)+8;
            .visible .entry test(.param .u64 out) {
            .reg .b32 %r<4>;
            .reg .b64 %d<4>;
            ld.param.u64 %d0, [out];
            ld.global.u64 %d1, [later];
            ld.u32 %r0, [%d1];
            st.global.u32 [%d0], %r0;
            ld.const.u64 %d1, [second];
            ld.u64 %d2, [%d1];
            ld.u32 %r0, [%d2];
            st.global.u32 [%d0+4], %r0;
            ld.u64 %d2, [%d1+8];
            ld.u32 %r0, [%d2];
            st.global.u32 [%d0+8], %r0;
            ld.u32 %r0, [%d1+-8];
            st.global.u32 [%d0+12], %r0;
            ret;
            }
            """);
    EmulatedDriver driver = new EmulatedDriver();
    long out = Ptx.upload(driver, "output", new int[4]);
    Ptx.launch(driver, ptx, 1, 1, 0, Ptx.argument(out));
    assertArrayEquals(new int[] {12, 11, 10, 5}, Ptx.download(driver, out, 4));
    driver.free(out);
    driver.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        ".global .align 8 .u64 bad = twice;",
        ".global .align 8 .u64 bad[2] = {twice, generic(data)};",
        ".global .align 1 .b8 bad[8] = {0xFF(generic(data)), 0xFF00(generic(data)), 0};",
        ".global .attribute(.managed) .align 4 .u32 bad;",
        ".global .texref bad;"
      })
  void shouldRefuseOnlyTheKernelsThatUseAnUnsupportedVariable(String declaration) {
    String use =
        """

        .global .align 4 .u32 data[2];
        .func twice() { ret; }
        .visible .entry test(.param .u64 out) {
        .reg .b64 %d<2>;
        mov.u64 %d0, bad;
        ret;
        }
        """;
    EmulatedDriver driver = new EmulatedDriver();
    long module = driver.loadModule(Ptx.module(declaration + use + OTHER));
    EmulatorException e =
        assertThrows(EmulatorException.class, () -> driver.function(module, "test"));
    assertTrue(e.getMessage().contains("kernel test does not run on the emulator"), "" + e);
    assertTrue(e.getMessage().contains("module variable bad is not supported"), "" + e);
    assertTrue(e.getMessage().contains("PTX line 4:"), "" + e);
    e = assertThrows(EmulatorException.class, () -> driver.variable(module, "bad"));
    assertTrue(e.getMessage().contains("module variable bad is not supported"), "" + e);

    long out = Ptx.upload(driver, "output", 0);
    long other = driver.function(module, "other");
    driver.prepare(other, "other", 1, 1, 0, Ptx.argument(out)).enqueue(null);
    assertEquals(7, Ptx.download(driver, out, 1)[0]);
    driver.unloadModule(module);
    driver.free(out);
    driver.close();
  }
}
