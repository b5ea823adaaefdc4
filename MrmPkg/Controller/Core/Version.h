/** @file
  What this MRM is called.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_CONTROLLER_VERSION_H_
#define MRM_CONTROLLER_VERSION_H_

#define MRM_TEXT_OF(Tokens)       #Tokens
#define MRM_TEXT_OF_MACRO(Macro)  MRM_TEXT_OF (Macro)

///
/// The build's: PACKAGE_VERSION of MrmPkg.dec.
///
#define MRM_VERSION_TEXT          MRM_TEXT_OF_MACRO (MRM_VERSION)

#endif
