# Real processes on loopback. Each script is one entry; all may run side by side.
function(comm_functional name timeout)
  add_test(NAME functional_${name}
    COMMAND /usr/bin/python3 -B ${CMAKE_SOURCE_DIR}/tests/functional/test_${name}.py)
  set_tests_properties(functional_${name} PROPERTIES TIMEOUT ${timeout} LABELS functional
    ENVIRONMENT COMM=$<TARGET_FILE:comm>)
endfunction()

comm_functional(exchange 300)
comm_functional(offline 300)
comm_functional(clock 300)
comm_functional(hostile 400)
comm_functional(cli 300)
comm_functional(privacy 120)
comm_functional(demo 180)
comm_functional(disk_full 240)
comm_functional(fifty 400)
# Fifty programs need both cores.
set_tests_properties(functional_fifty PROPERTIES PROCESSORS 2)
