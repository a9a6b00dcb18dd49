package io.github.lamb4j;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** Which part may know which. */
@AnalyzeClasses(packages = "io.github.lamb4j", importOptions = DoNotIncludeTests.class)
class ArchitectureTest {

  private static final String API = "io.github.lamb4j";
  private static final String CORE = "io.github.lamb4j.core..";
  private static final String CPU = "io.github.lamb4j.cpu..";
  private static final String CUDA = "io.github.lamb4j.cuda..";

  private static final String SAFETENSORS = "io.github.lamb4j.safetensors..";
  private static final String FILES = "io.github.lamb4j.files..";

  /**
   * Times what no public call shows: it needs the driver for device memory, copies and events, and
   * an optimizer on memory of its choice. No other program may have that.
   */
  private static final String BENCH = "io.github.lamb4j.bench..";

  /** Programs that use the library. */
  private static final String[] PROGRAMS = {
    BENCH, "io.github.lamb4j.cli..", "io.github.lamb4j.train..", "io.github.lamb4j.progress.."
  };

  @ArchTest
  static final ArchRule jcudaIsForTheCudaBackendAndTheCallersOwnPointers =
      noClasses()
          .that()
          .resideOutsideOfPackages(CUDA, BENCH)
          .and()
          .doNotBelongToAnyOf(
              Parameter.class,
              DeviceParameter.class,
              DeviceArray.class,
              DeviceAddress.class,
              Scalar.class,
              Lamb.class,
              LambBuilder.class)
          .should()
          .dependOnClassesThat()
          .resideInAPackage("jcuda..");

  @ArchTest
  static final ArchRule theCpuRunsWithoutCuda =
      noClasses()
          .that()
          .resideInAnyPackage(CPU, CORE)
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(CUDA, "jcuda..");

  @ArchTest
  static final ArchRule backendsDoNotKnowEachOther =
      noClasses()
          .that()
          .resideInAPackage(CUDA)
          .should()
          .dependOnClassesThat()
          .resideInAPackage(CPU);

  @ArchTest
  static final ArchRule coreDoesNotKnowTheBackends =
      noClasses()
          .that()
          .resideInAPackage(CORE)
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(CPU, CUDA);

  @ArchTest
  static final ArchRule theLibraryDoesNotKnowItsPrograms =
      noClasses()
          .that()
          .resideInAnyPackage(API, CORE, CPU, CUDA, SAFETENSORS, FILES)
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(PROGRAMS);

  @ArchTest
  static final ArchRule theLibraryNeedsNoneOfTheProgramsDependencies =
      noClasses()
          .that()
          .resideInAnyPackage(API, CORE, CPU, CUDA, SAFETENSORS, FILES)
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("picocli..", "ch.qos..", "me.tongfei..", "net.sf.extjwnl..");

  @ArchTest
  static final ArchRule jsonIsForTheHeadersOfSafetensorsFiles =
      noClasses()
          .that()
          .resideInAnyPackage(API, CORE, CPU, CUDA, FILES)
          .should()
          .dependOnClassesThat()
          .resideInAPackage("com.fasterxml..");

  @ArchTest
  static final ArchRule filesKnowNeitherTheOptimizerNorItsBackends =
      noClasses()
          .that()
          .resideInAnyPackage(SAFETENSORS, FILES)
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(API, CPU, CUDA);

  @ArchTest
  static final ArchRule theBackendsKnowNoFiles =
      noClasses()
          .that()
          .resideInAnyPackage(CORE, CPU, CUDA)
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(SAFETENSORS, FILES);

  @ArchTest
  static final ArchRule programsButTheBenchmarkUseThePublicApiAlone =
      noClasses()
          .that()
          .resideInAnyPackage(PROGRAMS)
          .and()
          .resideOutsideOfPackage(BENCH)
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(CPU, CUDA)
          .allowEmptyShould(true);

  @ArchTest
  static final ArchRule theBenchmarkUsesThePublicApiForTheCpu =
      noClasses()
          .that()
          .resideInAPackage(BENCH)
          .should()
          .dependOnClassesThat()
          .resideInAPackage(CPU);

  @ArchTest
  static final ArchRule theRulesAboveLookAtSomething =
      classes()
          .that()
          .haveSimpleNameEndingWith("Backend")
          .should()
          .resideInAnyPackage(CORE, CPU, CUDA);
}
