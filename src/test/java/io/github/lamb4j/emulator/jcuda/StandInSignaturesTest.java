package io.github.lamb4j.emulator.jcuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The stand-ins have exactly JCuda's methods and constants, so an unmodified program compiles and
 * links against them.
 */
@Tag("jcuda")
@EnabledIfSystemProperty(named = "lamb4j.device", matches = "stand-ins")
class StandInSignaturesTest {

  private static final String VERSION = "12.6.0";

  @ParameterizedTest
  @ValueSource(
      strings = {"jcuda.driver.JCudaDriver", "jcuda.runtime.JCuda", "jcuda.jcublas.JCublas2"})
  void shouldHaveTheMethodsAndConstantsOfJCuda(String name) throws Exception {
    Class<?> own = Class.forName(name, false, getClass().getClassLoader());
    Set<String> standIn = methods(own);
    try (URLClassLoader jcuda =
        new URLClassLoader(new URL[] {jar("jcuda"), jar("jcublas")}, null)) {
      Class<?> theirs = Class.forName(name, false, jcuda);
      Set<String> original = methods(theirs);
      assertTrue(original.size() > 100, original.size() + " methods");
      assertEquals(original, standIn);
      assertEquals(fields(theirs), fields(own));
    }
  }

  private static URL jar(String name) throws Exception {
    Path jar = Path.of("target/jcuda-versions/%s-%s.jar".formatted(name, VERSION));
    assertTrue(Files.exists(jar), jar.toString());
    return jar.toUri().toURL();
  }

  /** The public fields of a class and its superclasses. */
  private static Set<String> fields(Class<?> type) {
    Set<String> fields = new TreeSet<>();
    for (Class<?> t = type; t != Object.class; t = t.getSuperclass()) {
      for (Field field : t.getDeclaredFields()) {
        if (Modifier.isPublic(field.getModifiers())) {
          fields.add(field.getType().getName() + " " + field.getName());
        }
      }
    }
    return fields;
  }

  /** The public methods of a class and its superclasses. */
  private static Set<String> methods(Class<?> type) {
    Set<String> methods = new TreeSet<>();
    for (Class<?> t = type; t != Object.class; t = t.getSuperclass()) {
      for (Method method : t.getDeclaredMethods()) {
        if (Modifier.isPublic(method.getModifiers())) {
          methods.add(
              Arrays.stream(method.getParameterTypes())
                  .map(Class::getName)
                  .collect(
                      Collectors.joining(
                          ", ",
                          method.getReturnType().getName() + " " + method.getName() + "(",
                          ")")));
        }
      }
    }
    return methods;
  }
}
