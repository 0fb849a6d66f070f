# Real processes on loopback. Each script is one entry; all may run side by side.
function(comm_functional name timeout)  # further arguments: a part of the script, and the entry's suffix
  set(entry functional_${name})
  if(ARGN)
    string(TOLOWER ${entry}_${ARGN} entry)
  endif()
  add_test(NAME ${entry}
    COMMAND /usr/bin/python3 -B ${CMAKE_SOURCE_DIR}/tests/functional/test_${name}.py ${ARGN})
  set_tests_properties(${entry} PROPERTIES TIMEOUT ${timeout} LABELS functional
    ENVIRONMENT COMM=$<TARGET_FILE:comm>)
endfunction()

comm_functional(exchange 300)
comm_functional(offline 300)
comm_functional(clock 300 Minutes)
comm_functional(clock 900 Days)  # some hundred ticks, each waits for the disk
comm_functional(hostile 400)
comm_functional(cli 300)
comm_functional(identity 300)
comm_functional(privacy 120)
comm_functional(pairwise 400)  # a virtual day, as in clock
comm_functional(screen 180)
comm_functional(demo 180)
comm_functional(disk_full 240)
comm_functional(fifty 400 Some)  # All: make check-long
comm_functional(repair 300)
comm_functional(torture 400)
# Fifty programs need both cores.
set_tests_properties(functional_fifty_some PROPERTIES PROCESSORS 2)
# The conformance suite, an independent stack: its vectors and quick cases against the program, the worked example, a little
# differential fuzzing, and whether each requirement is exercised by this very run.
add_test(NAME conformance_selfcheck COMMAND ${CMAKE_SOURCE_DIR}/conformance/selfcheck.sh)
set_tests_properties(conformance_selfcheck PROPERTIES TIMEOUT 900 PROCESSORS 2 LABELS functional  # four cases at a time
  ENVIRONMENT COMM=$<TARGET_FILE:comm>)

# The scenarios of the chat screen, on real terminals.
function(comm_scenarios name timeout)
  add_test(NAME functional_tui_${name}
    COMMAND /usr/bin/python3 -B ${CMAKE_SOURCE_DIR}/tests/functional/tui/test_${name}.py)
  set_tests_properties(functional_tui_${name} PROPERTIES TIMEOUT ${timeout} LABELS functional
    ENVIRONMENT COMM=$<TARGET_FILE:comm>)
endfunction()
foreach(part input size delivery people display end search settings first_run)
  comm_scenarios(${part} 400)
endforeach()
